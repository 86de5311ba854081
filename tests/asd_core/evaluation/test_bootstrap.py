import numpy as np
import pytest
from numpy.testing import assert_allclose

from asd_core.evaluation.bootstrap import JudgedClips, compare, weighted_figures
from asd_core.evaluation.labelled_clips import LabelledClips
from asd_core.evaluation.objectives import FIGURES, figures_of


def judged(scores, domains=None, recordings=None, machine_type="fan"):
    scores = np.atleast_2d(scores)
    total = scores.shape[1]
    names = np.arange(total).astype(str) if recordings is None else np.asarray(recordings)
    domains = np.full(total, "") if domains is None else domains
    return JudgedClips(machine_type, np.arange(total) % 2 == 1, domains, names, scores)


def scores_of(separation, total=200, seed=0):
    return np.random.default_rng(seed).normal(size=total) + separation * (np.arange(total) % 2)


@pytest.mark.parametrize("decimals", [9, 1, 0])
def test_clips_that_count_several_times_are_clips_repeated(decimals):
    rng = np.random.default_rng(1)
    clips = judged(np.round(scores_of(1.0, 120), decimals), rng.choice(["source", "target"], 120))
    counts = rng.integers(0, 4, (120, 20)).astype(float)
    found = weighted_figures(clips.scores[0], clips.is_anomalous, clips.domains, counts)
    for row, count in zip(found, counts.T.astype(int), strict=True):
        parts = (clips.scores[0], clips.is_anomalous, clips.domains)
        expected = figures_of(LabelledClips(*(np.repeat(part, count) for part in parts)))
        assert_allclose(row, [expected[name] for name in FIGURES], atol=1e-12)


def test_without_domains_there_are_no_figures_of_them():
    clips = judged(scores_of(1.0))
    found = weighted_figures(clips.scores[0], clips.is_anomalous, clips.domains, np.ones((200, 1)))
    assert np.isnan(found[0, 2:]).all() and np.isfinite(found[0, :2]).all()


def test_a_worse_setting_is_told_from_the_best_and_a_copy_is_not():
    good = scores_of(1.5)
    found = compare([judged([scores_of(0.2, seed=1), good, 3 * good + 1, good + 0.01 * scores_of(0, seed=2)])], "auc")
    assert found.indistinguishable.tolist() == [False, True, True, True]
    assert_allclose([found.behind[1], found.behind_high[2]], 0)
    assert found.behind_low[0] > 0.1 and found.share_best[1] > 0.3
    assert np.argmax(found.objective) == 1


def test_the_standard_error_is_that_of_delong():
    from asd_core.evaluation.metrics import auc_standard_error

    clips = judged(scores_of(1.0, 400))
    expected = auc_standard_error(clips.scores[0], clips.is_anomalous)
    assert_allclose(compare([clips], "auc").standard_error[0], expected, rtol=0.1)


def test_clips_of_one_recording_are_one_piece_of_evidence():
    scores = np.repeat(scores_of(1.0, 60), 4)
    kind = np.repeat(np.arange(60) % 2 == 1, 4)
    parts = ("fan", kind, np.full(240, ""))
    apart = JudgedClips(*parts, np.arange(240).astype(str), scores[None])
    together = JudgedClips(*parts, np.repeat(np.arange(60), 4).astype(str), scores[None])
    alone = judged(scores_of(1.0, 60))
    errors = [compare([clips], "auc").standard_error[0] for clips in (apart, together, alone)]
    assert_allclose(errors[1], errors[2], rtol=0.1)
    assert errors[0] < 0.6 * errors[1]


def test_ranks_will_do_and_the_same_seed_gives_the_same():
    scores = np.stack([scores_of(1.0), scores_of(0.8, seed=1)])
    ranks = np.argsort(np.argsort(scores, axis=1), axis=1).astype(np.uint32)
    machines = [judged(scores), judged(scores_of(1.0, 50)[None].repeat(2, 0), machine_type="pump")]
    first = compare(machines, "official", resamples=200)
    again = compare([judged(ranks), machines[1]], "official", resamples=200)
    for name in ("standard_error", "behind", "behind_low", "behind_high"):
        assert_allclose(getattr(first, name), getattr(again, name))
    other = compare(machines, "official", resamples=200, seed=7)
    assert other.standard_error[0] != first.standard_error[0]


def test_the_error_of_a_difference_is_that_of_paired_clips():
    scores = scores_of(1.0)
    near = compare([judged(np.stack([scores, scores, scores + 1e-3 * scores_of(0.0, seed=5)]))], "auc")
    assert near.behind_error[0] == near.behind_error[1] == 0
    apart = compare([judged(np.stack([scores, scores_of(1.0, seed=9)]))], "auc")
    assert near.behind_error[2] < 0.1 * apart.behind_error.max()
    # of independent scores the variances add
    assert apart.behind_error.max() == pytest.approx(np.hypot(*apart.standard_error), rel=0.15)
