import numpy as np
import pytest
from numpy.testing import assert_allclose

from asd_core.alarms.p_values import p_values
from asd_core.detectors.build import new_detector
from asd_core.errors import AsdError
from asd_core.pipeline.left_out_nights import LEFT_OUT, left_out_nights, scores_without_clips
from tests.asd_core.pipeline.nights import night_values, scorer_of, training_rows

DATES = np.repeat([f"2026-11-{day:02d}" for day in range(1, 9)], 5)  # 8 nights of 5 clips
VALUES = night_values(8, 5)
DENSITY = {"detector.density": "least", "detector.density_k": 3}


def refitted(config, values, domains, groups):
    """The slow twin: a detector fitted anew without each group."""
    scores = np.empty(len(values))
    for group in np.unique(groups):
        kept = groups != group
        detector = new_detector(config).fit(values[kept], domains[kept])
        scores[~kept] = detector.anomaly_score(values[~kept])
    return scores


@pytest.mark.parametrize(
    "changes",
    [
        {},
        DENSITY,
        {"detector.density": "nearest", "detector.density_k": 3},
        {"detector.whitening": "half"},
        {"detector.groups": 3, "detector.group_score": "raw_mean"},
        {"detector.soft_scoring": "minimum"},
        {"detector.kind": "kmeans", "detector.n_clusters": 3},
    ],
)
def test_scores_are_those_of_a_scorer_that_was_fitted_without_the_night(changes):
    domains = np.array([["source", "target"][number % 5 == 4] for number in range(40)])  # both in every night
    rows = training_rows(VALUES, DATES, domains)
    scorer = scorer_of(rows, VALUES, **changes)
    found = left_out_nights(scorer, rows)
    expected = refitted(scorer.recipe.detector, VALUES, domains, DATES)
    assert_allclose(found["anomaly_score"].to_numpy(), expected, rtol=1e-6)
    assert found.schema.equals(LEFT_OUT) and set(found["left_out"].to_pylist()) == {"night"}
    assert found["night"].to_pylist() == DATES.tolist() and found["uri"].to_pylist() == rows["uri"].to_pylist()


@pytest.mark.parametrize("changes", [{}, DENSITY, {"detector.groups": 3}, {"detector.soft_scoring": "standardised"}])
def test_near_copies_of_one_night_have_honest_p_values_only_when_the_night_is_left_out(changes):
    learnt, fresh = night_values(40, 5, within=0.05, seed=1), night_values(60, 1, within=0.05, seed=2)
    rows = training_rows(learnt, np.repeat([f"2026-{number:02d}" for number in range(40)], 5))
    scorer = scorer_of(rows, learnt, **changes)
    scores, by_clip = scorer.score(fresh)
    by_night = p_values(scores, left_out_nights(scorer, rows)["anomaly_score"].to_numpy())
    assert np.mean(by_clip <= 0.1) > 0.9
    assert np.mean(by_night <= 0.1) < 0.2 and 0.35 < np.mean(by_night) < 0.65


def test_segments_count_as_recordings():
    nights = np.repeat(["2026-11-01", "2026-11-02", "2026-11-03"], 8)
    values = night_values(3, 8)
    rows = training_rows(values, nights, segments=4)
    options = {"encoder.clip_rule": "segments", "encoder.clip_seconds": 1.0}
    scorer = scorer_of(rows, values, segments=4, **options)
    found = left_out_nights(scorer, rows)
    by_row = refitted(scorer.recipe.detector, values, np.full(24, "source"), nights)
    assert_allclose(found["anomaly_score"].to_numpy(), by_row.reshape(6, 4).max(axis=1), rtol=1e-6)
    assert found["night"].to_pylist() == nights[::4].tolist()


@pytest.mark.parametrize("date", ["2026-11-01", "undated"])
def test_with_one_night_or_none_a_clip_is_left_out_alone_and_says_so(date):
    rows = training_rows(VALUES, [date] * 40)
    scorer = scorer_of(rows, VALUES)
    found = left_out_nights(scorer, rows)
    assert_allclose(np.sort(found["anomaly_score"].to_numpy()), scorer.unseen)
    assert set(found["left_out"].to_pylist()) == {"clip"}


def test_only_clips_that_a_trained_transform_has_not_learnt_are_told():
    from dataclasses import replace

    rows = training_rows(VALUES, DATES)
    scorer = replace(scorer_of(rows, VALUES), unseen_rows=np.arange(0, 40, 3))
    assert left_out_nights(scorer, rows)["uri"].to_pylist() == rows["uri"].to_pylist()[::3]


def test_other_clips_than_were_learnt_are_refused():
    rows = training_rows(VALUES, DATES)
    with pytest.raises(AsdError, match="the clips of fan 07 are not those that its scorer learnt"):
        left_out_nights(scorer_of(rows, VALUES), rows.slice(1))


def test_the_scores_that_a_scorer_keeps_tell_of_no_night():
    rows = training_rows(VALUES, DATES)
    scorer = scorer_of(rows, VALUES)
    found = scores_without_clips(scorer)
    assert found["anomaly_score"].to_pylist() == scorer.unseen_by_name.tolist()
    assert set(found["night"].to_pylist()) == {""}
