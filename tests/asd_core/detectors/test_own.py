import io
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.detectors.build import detector_config, detector_keys, load_detector, new_detector
from asd_core.detectors.cross_fitting import stratified_folds
from asd_core.detectors.group_settings import GROUP_KEYS
from asd_core.detectors.unseen import unseen_scores
from asd_core.errors import AsdError, UsageError
from asd_core.recipe.recipe import Recipe
from asd_core.tuning.space.setting import applied
from asd_core.tuning.space.space import new_space
from tests.asd_core.detectors.own_package import write_package

ROWS = np.random.default_rng(0).normal(size=(40, 3))
DOMAINS = np.where(np.arange(40) < 30, "source", "target")


@pytest.fixture
def kind(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    yield write_package(tmp_path)
    for name in [name for name in sys.modules if name.startswith("plant_detectors")]:
        del sys.modules[name]


def another(kind, name):
    return f"{kind.partition(':')[0]}:{name}"


def test_a_class_of_ones_own_gets_its_settings_and_scores(kind):
    detector = new_detector(detector_config({"kind": kind, "power": 2})).fit(ROWS, DOMAINS)
    assert_allclose(detector.anomaly_score(ROWS[:5]), ((ROWS[:5] - ROWS.mean(axis=0)) ** 2).sum(axis=1))
    assert_array_equal(detector.nearest(ROWS[:5], 2)[0][:, 0], np.arange(5))
    assert detector.notes_ == ["40 clips around one mean"]


def test_a_stored_state_scores_the_same_to_the_bit_without_a_pickle(kind):
    config = detector_config({"kind": kind, "power": 0.5})
    detector = new_detector(config).fit(ROWS, DOMAINS)
    file = io.BytesIO()
    np.savez(file, **detector.state())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        loaded = load_detector(config, dict(stored))
    assert_array_equal(loaded.anomaly_score(ROWS), detector.anomaly_score(ROWS))
    assert loaded.notes_ == detector.notes_


def test_its_clips_are_scored_unseen_by_detectors_fitted_without_a_fold_each(kind):
    config = detector_config({"kind": kind})
    folds, expected = stratified_folds(DOMAINS, 5, 0), np.empty(40)
    for fold in range(5):
        centre = ROWS[folds != fold].mean(axis=0)
        expected[folds == fold] = np.linalg.norm(ROWS[folds == fold] - centre, axis=1)
    assert_allclose(unseen_scores(config, ROWS, DOMAINS), expected)


def test_a_class_that_leaves_out_one_clip_exactly_is_asked_instead(kind):
    found = unseen_scores(detector_config({"kind": another(kind, "LeftOut")}), ROWS, DOMAINS)
    expected = [np.linalg.norm(ROWS[i] - np.delete(ROWS, i, axis=0).mean(axis=0)) for i in range(40)]
    assert_allclose(found, expected)


@pytest.mark.parametrize("own", ["LeftOut", "LeftOutWhole"])
def test_recordings_are_left_out_by_folds_where_its_class_leaves_out_only_rows(kind, own):
    recordings = np.arange(40) // 8
    expected = [np.linalg.norm(ROWS[i] - ROWS[recordings != recordings[i]].mean(axis=0)) for i in range(40)]
    assert_allclose(unseen_scores(detector_config({"kind": another(kind, own)}), ROWS, DOMAINS, recordings), expected)


def test_the_key_of_a_recipe_covers_its_settings_and_defaults_written_out_are_none(kind):
    table = {"encoder": {"kind": "twfr"}}
    keys = [
        Recipe("mine", {**table, "detector": {"kind": kind, **settings}}).key()
        for settings in ({}, {"power": 1.0}, {"power": 2.0}, {"label": "mode"})
    ]
    assert keys[0] == keys[1] and len(set(keys)) == 3


def test_a_search_may_choose_it_and_its_settings(kind):
    base = Recipe("mine", {"detector": {"kind": "memory_bank", "k": 3}})
    setting = {"detector.kind": kind, "detector.power": 0.5, "detector.k": 2}
    assert applied(base, setting).detector == detector_config({"kind": kind, "power": 0.5})
    assert applied(base, {**setting, "detector.kind": "memory_bank"}).detector.k == 2
    assert detector_keys(kind) == {"kind", "power", "label"} | GROUP_KEYS
    kinds = {"detector.kind": {"choice": [kind, "memory_bank"]}}
    new_space({**kinds, "detector.power": {"grid": [0.5, 2]}, "detector.k": {"grid": [1, 2]}}).check(base)
    with pytest.raises(UsageError, match="did you mean 'detector.power'"):
        new_space({**kinds, "detector.powre": {"grid": [1]}}).check(base)
    with pytest.raises(UsageError, match="detector.power: .* power must be positive, got -2"):
        new_space({**kinds, "detector.power": {"grid": [-2]}}).check(base)


@pytest.mark.parametrize(
    ("own", "settings", "message"),
    [
        ("Centre", {"pover": 2}, r"\[detector\] has no key 'pover'; did you mean 'power'"),
        ("Centre", {"power": -1}, "does not take these settings: power must be positive, got -1"),
        ("Centre", {"power": "much"}, "does not take these settings: '<=' not supported"),
        ("Center", {}, "cannot be imported: module .* has no attribute 'Center'; is its package"),
        ("Forgetful", {}, "has no nearest: see asd_core/detectors/protocol.py"),
    ],
)
def test_a_class_or_a_setting_that_cannot_be_is_refused_in_one_line(kind, own, settings, message):
    with pytest.raises(UsageError, match=message) as error:
        detector_config({"kind": another(kind, own), **settings})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("own", "asked", "message"),
    [
        (
            "Column",
            "anomaly_score",
            r"anomaly_score returned an array of shape \(4, 1\) for 4 embeddings: see asd_core",
        ),
        ("Lost", "anomaly_score", "anomaly_score returned NaN for 4 embeddings"),
        ("Flat", "nearest", r"nearest returned arrays of shape \(4,\) and \(4,\) for 4 embeddings"),
    ],
)
def test_an_array_of_another_shape_than_promised_is_refused(kind, own, asked, message):
    detector = new_detector(detector_config({"kind": another(kind, own)})).fit(ROWS, DOMAINS)
    with pytest.raises(AsdError, match=message):
        getattr(detector, asked)(ROWS[:4], *([2] if asked == "nearest" else []))


def test_embeddings_that_are_not_finite_never_reach_it(kind):
    with pytest.raises(AsdError, match="not finite"):
        new_detector(detector_config({"kind": kind})).fit(np.full((4, 3), np.nan), DOMAINS[:4])
