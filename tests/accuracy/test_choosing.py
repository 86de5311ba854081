import numpy as np
import pytest
from numpy.testing import assert_array_equal

from asd_core.evaluation.bootstrap import JudgedClips
from tests.accuracy.choosing import PLAIN, SPACE, Chosen, aucs, choices, chosen_on_halves, halves, scored


def machine(seed, total=120, settings=6):
    rng = np.random.default_rng(seed)
    is_anomalous = np.arange(total) % 2 == 1
    scores = rng.normal(size=(settings, total)) + np.linspace(0, 1.5, settings)[:, None] * is_anomalous
    return JudgedClips("fan", is_anomalous, np.full(total, ""), np.arange(total).astype(str), scores)


def test_half_a_holds_half_of_each_condition_and_other_halves_each_time():
    in_a = halves(np.arange(100) < 30, 20, seed=0)
    assert (in_a[:, :30].sum(axis=1) == 15).all() and (in_a[:, 30:].sum(axis=1) == 35).all()
    assert len(np.unique(in_a, axis=0)) == 20


def test_labels_of_half_b_play_no_part_in_the_choice():
    clips = machine(0)
    in_a = halves(clips.is_anomalous, 20, seed=0)
    chosen = choices(aucs(clips, in_a)[None])
    rng = np.random.default_rng(1)
    for split, part in enumerate(in_a):
        labels = clips.is_anomalous.copy()
        labels[~part] = rng.permutation(labels[~part])
        permuted = JudgedClips("fan", labels, clips.domains, clips.recordings, clips.scores)
        assert_array_equal(choices(aucs(permuted, part[None])[None]), chosen[[split]])


def test_a_setting_that_is_better_is_chosen_and_is_better_on_the_other_half():
    found = chosen_on_halves([machine(0, 400), machine(1, 400)], plain=0)
    assert isinstance(found, Chosen) and len(found.plain) == 20
    assert (found.for_all - found.plain).mean() > 0.2
    assert (found.by_type == found.for_all).all()  # one machine type


@pytest.fixture(scope="module")
def on_real_features(real_data):
    settings = list(SPACE.grid())
    return chosen_on_halves(scored(real_data, settings), settings.index(PLAIN))


@pytest.mark.slow
@pytest.mark.parametrize("per", ["by_type", "by_machine"])
def test_settings_chosen_on_one_half_of_the_real_features_hold_on_the_other(on_real_features, per):
    chosen = getattr(on_real_features, per).mean()
    assert chosen >= on_real_features.plain.mean() + 0.04
    assert chosen >= on_real_features.for_all.mean() - 0.002
