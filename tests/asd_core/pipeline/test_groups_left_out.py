import numpy as np
import pytest

from asd_core.alarms.p_values import p_values
from asd_core.pipeline.groups_left_out import GroupsLeftOut, occasions_left_out
from asd_core.pipeline.left_out_nights import left_out_nights
from asd_core.pipeline.scorer import fit_scorer
from asd_core.recipe.recipe import load_recipe
from tests.asd_core.pipeline.nights import night_values, scorer_of, training_rows

NIGHTS = [f"2026-{number:02d}" for number in range(12)]


def scorer_by(groups, values, recipe="twfr-knn"):
    machine, uris = load_recipe(recipe).for_machine("fan"), [f"file:///{number:03d}" for number in range(len(values))]
    return fit_scorer("fan", "07", machine, "f", values, np.full(len(values), "source"), uris, groups=groups)


@pytest.mark.parametrize(
    ("taken", "kind"),
    [
        (["a", "a", "b"], "night"),
        (["session of 1", "session of 2", ""], "session or clip"),
        (["a", "a", "a"], None),
        (["", "", ""], None),
        (["a", "", ""], "night or clip"),
    ],
)
def test_occasions_are_left_out_where_they_are_known_and_several(taken, kind):
    found = occasions_left_out(taken)
    assert (None if found is None else found.kind) == kind


@pytest.mark.parametrize("recipe", ["twfr-knn", "twfr-density-knn", "twfr-gmm"])
def test_where_nights_differ_fresh_normal_clips_are_flagged_as_often_as_asked_for(recipe):
    learnt, fresh = (night_values(nights, 5, within=0.3, seed=nights) for nights in (12, 300))
    by_night = scorer_by(occasions_left_out(list(np.repeat(NIGHTS, 5))), learnt, recipe)
    by_clip = scorer_by(None, learnt, recipe)
    scores, p = by_night.score(fresh)
    assert np.mean(scores > by_night.threshold) < 0.2 < 0.5 < np.mean(scores > by_clip.threshold)
    assert by_night.left_out == "night" and by_clip.left_out == "clip"
    np.testing.assert_array_equal(p, p_values(scores, by_night.unseen))


def test_the_scores_that_a_scorer_keeps_are_those_of_its_learnt_nights():
    values, nights = night_values(12, 5), np.repeat(NIGHTS, 5)
    rows = training_rows(values, nights)
    by_clip = left_out_nights(scorer_of(rows, values), rows)
    by_night = left_out_nights(scorer_of(rows, values, groups=occasions_left_out(list(nights))), rows)
    assert by_night.equals(by_clip) and set(by_night["left_out"].to_pylist()) == {"night"}


def test_without_a_night_that_has_nearly_all_clips_each_clip_is_left_out_by_itself():
    recipe = load_recipe("twfr-gmm").with_settings({"detector.strict": True, "detector.n_components": 2})
    values = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)
    groups = GroupsLeftOut("night", np.array([0] * 23 + [1]))
    uris = [f"file:///{number:03d}" for number in range(24)]
    scorer = fit_scorer("fan", "07", recipe.for_machine("fan"), "f", values, np.full(24, ""), uris, groups=groups)
    assert scorer.left_out == "clip"
