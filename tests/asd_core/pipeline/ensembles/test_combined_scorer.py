from dataclasses import replace

import numpy as np
import pytest

from asd_core.alarms.standardising import Standard
from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold
from asd_core.errors import AsdError
from asd_core.pipeline.ensembles.combined_scorer import combine, combined, judged
from tests.asd_core.pipeline.ensembles.members import fused, member, names

RULE = ThresholdConfig()


def test_the_score_is_the_weighted_mean_and_the_largest_part_decides():
    parts = {"a": np.array([1.0, 0.0, -2.0]), "b": np.array([0.0, 3.0, -4.0])}
    scores, deciding = combined(parts, {"a": 0.75, "b": 0.25})
    np.testing.assert_allclose(scores, [0.75, 0.75, -2.5])
    assert deciding == ["a", "b", "b"]


def test_a_member_without_weight_decides_nothing():
    assert combined({"a": np.array([-3.0]), "b": np.array([9.0])}, {"a": 1.0, "b": 0.0})[1] == ["a"]


@pytest.mark.parametrize("rule", ["z", "robust", "rank"])
def test_unseen_scores_are_combined_clip_by_clip(rule):
    shuffled = names()[::-1]
    members = {"near": member(0, rule), "spread": member(1, rule, shuffled)}
    found = combine(fused(rule).ensemble, members, RULE)
    near, spread = (one.scorer.unseen_by_name for one in members.values())
    expected = (Standard(rule, near).of_unseen() + Standard(rule, spread).of_unseen()) / 2
    assert list(found.names) == names()
    np.testing.assert_allclose(found.unseen, expected)
    assert found.threshold == decision_threshold(expected, RULE).value
    assert found.versions == {"near": "v0", "spread": "v1"}


def test_only_clips_that_all_members_learnt_count():
    found = combine(fused().ensemble, {"near": member(0), "spread": member(1, uris=names(12, first=4))}, RULE)
    assert list(found.names) == names(8, first=4)
    assert "the threshold is from 8 clips" in found.notes[0]


def test_imported_clips_are_joined_by_file_name():
    elsewhere, others = ([f"import:{where}/{uri[-6:]}" for uri in names()] for where in ("fan/train", "fan"))
    found = combine(fused().ensemble, {"near": member(0), "spread": member(1, uris=elsewhere)}, RULE)
    assert list(found.names) == names()
    found = combine(fused().ensemble, {"near": member(0, uris=others), "spread": member(1, uris=elsewhere)}, RULE)
    assert list(found.names) == [uri[-6:] for uri in names()]


def test_recordings_of_two_nights_are_never_the_same_by_file_name():
    nights = [[f"file:///{night}/{number:02d}.wav" for number in range(12)] for night in ("one", "two")]
    with pytest.raises(AsdError, match="of 0 clips"):
        combine(fused().ensemble, {"near": member(0, uris=nights[0]), "spread": member(1, uris=nights[1])}, RULE)


def test_members_that_share_no_clip_are_named():
    with pytest.raises(AsdError, match=r"of 0 clips.*near has them of 12, spread has them of 12"):
        combine(fused().ensemble, {"near": member(0), "spread": member(1, uris=names(12, first=20))}, RULE)


def test_a_member_without_unseen_scores_by_clip_is_named():
    old = member(1)
    old = replace(old, scorer=replace(old.scorer, unseen_by_name=None))
    with pytest.raises(AsdError, match=r"member spread: .*fit it again"):
        combine(fused().ensemble, {"near": member(0), "spread": old}, RULE)


def test_recordings_have_the_scale_of_their_number_of_segments():
    one = member(0, segments=6)
    scores, counts = np.array([2.0, 2.0]), np.array([1, 60])
    few, many = one.standardised(scores, counts)
    assert few > many  # the highest of sixty is high without a fault
    null = one.scorer.segments.unseen.null(60, one.scorer.recipe.score)
    assert many == Standard("z", null).of(scores)[1]
    assert len(one.unseen()) == 12


def test_segments_combine_with_whole_clips_by_recording():
    found = combine(fused().ensemble, {"near": member(0, segments=3), "spread": member(1)}, RULE)
    assert list(found.names) == names()


def test_false_alarms_of_further_normals_are_as_asked():
    generator, rates = np.random.default_rng(0), []
    for seed in range(20):
        members = {"near": member(seed, uris=names(60)), "spread": member(seed + 100, uris=names(60))}
        found = combine(fused().ensemble, members, RULE)
        fresh = generator.normal(size=(400, 4)).astype(np.float32)
        parts = {name: one.standardised(one.scorer.score(fresh)[0]) for name, one in members.items()}
        rates.append(np.mean(combined(parts, {"near": 0.5, "spread": 0.5})[0] > found.threshold))
    assert 0.06 < np.mean(rates) < 0.14


def test_another_threshold_is_taken_from_the_same_scores():
    found = combine(fused().ensemble, {"near": member(0), "spread": member(1)}, RULE)
    strict = judged(found, ThresholdConfig(quantile=0.5))
    assert strict.threshold < found.threshold
    np.testing.assert_array_equal(strict.unseen, found.unseen)


def test_equal_notes_of_members_are_said_once():
    members = {"near": member(0, recipe="twfr-gmm"), "spread": member(1, recipe="twfr-gmm")}
    notes = combine(fused().ensemble, members, RULE).notes
    assert sum(note.startswith("of near, spread: ") for note in notes) >= 1


def test_a_member_counts_with_the_clips_that_its_unseen_scores_are_of():
    whole = member(uris=names(20))
    rows = np.arange(5, 17)
    part = replace(
        whole, scorer=replace(whole.scorer, unseen_rows=rows, unseen_by_name=whole.scorer.unseen_by_name[rows])
    )
    assert part.names == names(12, first=5) and len(part.unseen()) == 12
