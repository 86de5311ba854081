"""Scores of recordings from those of their segments, beside what normal recordings of as many segments have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.p_values import p_values
from asd_core.alarms.segment_nulls import SegmentScores
from asd_core.alarms.segment_scores import ScoreConfig, over_segments
from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold
from asd_core.detectors.protocol import Recordings


@dataclass(frozen=True)
class LearntSegments:
    """The segments of the normal recordings that a scorer learnt.

    Attributes:
        unseen: their scores as if unseen, with their recordings.
        starts: (N,) s from the beginning of the recording, in the order of the detector's rows.
    """

    unseen: SegmentScores
    starts: NDArray[np.float64]


@dataclass(frozen=True)
class RecordingScore:
    """One recording's score.

    Attributes:
        score: over its segments.
        threshold: for its number of segments.
        p_value: likewise.
        worst: place of the segment with the highest score among the rows that were scored.
        segments: their number.
    """

    score: float
    threshold: float
    p_value: float
    worst: int
    segments: int


def recording_scores(
    scores: NDArray[np.float64],
    recordings: Recordings,
    learnt: SegmentScores,
    over: ScoreConfig,
    threshold: ThresholdConfig,
    p_floor: float = 0.0,
) -> list[RecordingScore]:
    """The scores of recordings, in their order.

    Args:
        scores: (M,) anomaly scores of segments.
        recordings: (M,) of the segments, from 0, ascending.
        learnt: unseen scores of the normal segments.
        over: how a recording is scored over its segments.
        threshold: the rule of the threshold.
        p_floor: no p is smaller.
    """
    counts = np.bincount(recordings)
    nulls = {count: learnt.null(count, over) for count in np.unique(counts).tolist()}
    thresholds = {count: decision_threshold(null, threshold).value for count, null in nulls.items()}
    starts = np.cumsum(counts) - counts
    parts = np.split(scores, starts[1:])
    totals, shares = np.array([float(over_segments(own, over)) for own in parts]), np.empty(len(counts))
    for count, null in nulls.items():
        shares[counts == count] = np.maximum(p_values(totals[counts == count], null), p_floor)
    return [
        RecordingScore(score, thresholds[len(own)], share, start + int(np.argmax(own)), len(own))
        for own, score, share, start in zip(parts, totals.tolist(), shares.tolist(), starts.tolist(), strict=True)
    ]


def false_alarm_rate_of_recordings(
    learnt: SegmentScores, names: Sequence[str], over: ScoreConfig, threshold: ThresholdConfig, folds: int = 5
) -> float:
    """Share of unseen normal recordings above a threshold set on the other folds.

    Args:
        learnt: unseen scores of the normal segments.
        names: (R,) of the recordings, whose order is that of time.
        over: how a recording is scored over its segments.
        threshold: the rule of the threshold.
        folds: runs of neighbours.

    Returns:
        In [0, 1]; NaN where there are fewer than two recordings a fold.
    """
    order = np.argsort(np.asarray(names), kind="stable")
    if len(order) < 2 * folds:
        return float("nan")
    parts = np.split(learnt.scores, np.cumsum(learnt.counts)[:-1])
    flagged = 0
    for held_out in np.array_split(order, folds):
        others = sorted(set(order.tolist()) - set(held_out.tolist()))
        rest = SegmentScores(
            np.concatenate([parts[number] for number in others]),
            np.repeat(np.arange(len(others)), learnt.counts[others]),
        )
        own = np.sort(held_out)
        scored = recording_scores(
            np.concatenate([parts[number] for number in own]),
            np.repeat(np.arange(len(own)), learnt.counts[own]),
            rest,
            over,
            threshold,
        )
        flagged += sum(one.score > one.threshold for one in scored)
    return flagged / len(order)


def first_of_each_recording(
    uris: Sequence[Sequence[str]],
    starts: Sequence[Sequence[float]],
    distances: NDArray[np.float64],
    k: int,
) -> tuple[list[list[str]], list[list[float]], list[list[float]]]:
    """The nearest segments of the k nearest recordings, nearest first, from those of all nearest segments."""
    places = [sorted({uri: place for place, uri in reversed(list(enumerate(own)))}.values())[:k] for own in uris]
    return (
        [[own[place] for place in first] for own, first in zip(uris, places, strict=True)],
        [[own[place] for place in first] for own, first in zip(starts, places, strict=True)],
        [[own[place] for place in first] for own, first in zip(distances.tolist(), places, strict=True)],
    )
