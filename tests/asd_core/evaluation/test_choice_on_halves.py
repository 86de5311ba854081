import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.evaluation.bootstrap import JudgedClips
from asd_core.evaluation.choice_on_halves import aucs_on, best_on, choose_on_halves, half_of_each_condition
from asd_core.evaluation.metrics import auc


def machine(seed, total=120, settings=6):
    rng = np.random.default_rng(seed)
    is_anomalous = np.arange(total) % 2 == 1
    scores = rng.normal(size=(settings, total)) + np.linspace(0, 1.5, settings)[:, None] * is_anomalous
    return JudgedClips("fan", is_anomalous, np.full(total, ""), np.arange(total).astype(str), scores)


def test_half_a_holds_half_of_each_condition_and_other_halves_each_time():
    in_a = half_of_each_condition(np.arange(100) < 30, 20, seed=0)
    assert (in_a[:, :30].sum(axis=1) == 15).all() and (in_a[:, 30:].sum(axis=1) == 35).all()
    assert len(np.unique(in_a, axis=0)) == 20


def test_labels_of_half_b_play_no_part_in_the_choice():
    clips = machine(0)
    in_a = half_of_each_condition(clips.is_anomalous, 20, seed=0)
    chosen = best_on(aucs_on(clips, in_a)[None])
    rng = np.random.default_rng(1)
    for split, part in enumerate(in_a):
        labels = clips.is_anomalous.copy()
        labels[~part] = rng.permutation(labels[~part])
        permuted = JudgedClips("fan", labels, clips.domains, clips.recordings, clips.scores)
        assert_array_equal(best_on(aucs_on(permuted, part[None])[None]), chosen[[split]])


def test_a_setting_that_is_better_is_chosen_and_is_better_on_the_other_half():
    found = choose_on_halves([machine(0, 400), machine(1, 400)], plain=0, splits=20)
    assert len(found.plain) == 20
    assert (found.for_all - found.plain).mean() > 0.2
    assert (found.by_type == found.for_all).all()  # one machine type


def test_the_auc_on_a_half_is_that_of_its_clips_alone():
    clips = machine(0)
    half = half_of_each_condition(clips.is_anomalous, 1, seed=0)
    alone = [auc(scores[half[0]], clips.is_anomalous[half[0]]) for scores in clips.scores]
    assert_allclose(aucs_on(clips, half)[:, 0], alone)


def test_each_machine_and_type_chooses_for_itself():
    fan, pump = machine(0, 400), machine(1, 400)
    pump = JudgedClips("pump", pump.is_anomalous, pump.domains, pump.recordings, pump.scores[::-1])
    found = choose_on_halves([fan, pump], plain=0, splits=20)
    assert_array_equal(found.by_type, found.by_machine)  # one machine a type
    assert (found.by_type > found.for_all).mean() > 0.9  # the best setting of one is the worst of the other
