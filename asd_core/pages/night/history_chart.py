"""The geometry of a machine's score history: every clip a dot, nights from left to right, against the threshold."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 440, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 432, 12, 160
_NIGHTS = 30  # the last ones: more would be less than a finger wide each on a phone
_CUT = 6.0  # distances of the threshold from the lowest score, above which the scale ends


@dataclass(frozen=True)
class NightFigures:
    """What one night of a machine comes to; median and highest are None where no clip was scored."""

    date: str
    n_scored: int
    n_flagged: int
    median: float | None
    highest: float | None
    decision_threshold: float | None


@dataclass(frozen=True)
class HistoryChart:
    """SVG paths and labels in a view box of `WIDTH` x `HEIGHT`; `spark` in one of 100 x 24.

    Attributes:
        nights: oldest first, this night last.
        dots: a path of points, to be stroked with round caps: clips that were not flagged.
        triangles: a path of small triangles, to be filled: flagged clips.
        median: a line through the medians of the nights.
        threshold: a step for each night with a threshold.
        spark: the highest score of each night, small.
        spark_threshold: the threshold in that small picture.
        ticks: height and value of the marks of the score axis.
        dates: place and text of the labels under the nights.
        n_cut: clips above the end of the scale, drawn at its upper edge.
    """

    nights: tuple[NightFigures, ...]
    dots: str
    triangles: str
    median: str
    threshold: str
    spark: str
    spark_threshold: str
    ticks: tuple[tuple[float, float], ...]
    dates: tuple[tuple[float, str], ...]
    n_cut: int


def draw_history(
    earlier: Sequence[Mapping[str, Any]], tonight: Sequence[Mapping[str, Any]], date: str
) -> HistoryChart | None:
    """Draw the last 30 nights, this one included, or return None where no clip was ever scored.

    The rows have date, anomaly_score, decision_threshold and is_flagged; ``tonight`` belongs to ``date``.
    """
    scored: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in earlier:
        if row["anomaly_score"] is not None and math.isfinite(row["anomaly_score"]):
            scored[row["date"]].append(row)
    scored[date] = [row for row in tonight if math.isfinite(row["anomaly_score"])]
    dates = [*sorted(scored.keys() - {date}), date][-_NIGHTS:]
    nights = tuple(_figures(night, scored[night]) for night in dates)
    values = [row["anomaly_score"] for night in dates for row in scored[night]]
    if not values:
        return None
    thresholds = [night.decision_threshold for night in nights if night.decision_threshold is not None]
    low, high = _scale(values, thresholds)
    places = _places(len(dates))
    dots: list[tuple[float, float]] = []
    triangles: list[tuple[float, float]] = []
    for night, x in zip(dates, places, strict=True):
        points = _spread(scored[night], x, (places[1] - places[0]) if len(places) > 1 else 40.0)
        for row, place in points:
            y = _height(row["anomaly_score"], low, high)
            (triangles if row["is_flagged"] else dots).append((round(place, 1), round(y, 1)))
    return HistoryChart(
        nights=nights,
        dots="".join(f"M{x:g} {y:g}h0" for x, y in sorted(set(dots))),
        triangles="".join(f"M{x:g} {y - 4.5:g}l4 7h-8z" for x, y in sorted(set(triangles))),
        median=_line([(x, night.median) for x, night in zip(places, nights, strict=True)], low, high),
        threshold=_steps([(x, night.decision_threshold) for x, night in zip(places, nights, strict=True)], low, high),
        spark=_spark([night.highest for night in nights], low, high),
        spark_threshold=_spark([night.decision_threshold for night in nights], low, high),
        ticks=tuple((round(_height(value, low, high), 1), value) for value in _round_values(low, high)),
        dates=_date_labels(dates, places),
        n_cut=sum(value > high for value in values),
    )


def _figures(date: str, rows: Sequence[Mapping[str, Any]]) -> NightFigures:
    scores = [row["anomaly_score"] for row in rows]
    thresholds = [row["decision_threshold"] for row in rows if row["decision_threshold"] is not None]
    return NightFigures(
        date=date,
        n_scored=len(scores),
        n_flagged=sum(bool(row["is_flagged"]) for row in rows),
        median=statistics.median(scores) if scores else None,
        highest=max(scores, default=None),
        decision_threshold=max(thresholds, default=None),
    )


def _scale(values: Sequence[float], thresholds: Sequence[float]) -> tuple[float, float]:
    low, high = min(*values, *thresholds, values[0]), max(*values, *thresholds, values[0])
    if thresholds and max(thresholds) > low:
        high = min(high, low + _CUT * (max(thresholds) - low))
    margin = 0.06 * (high - low) or max(abs(high), 1.0) * 0.1
    return low - margin, high + margin


def _height(value: float, low: float, high: float) -> float:
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return _BOTTOM - share * (_BOTTOM - _TOP)


def _places(count: int) -> list[float]:
    step = (_RIGHT - _LEFT) / count
    return [_LEFT + step * (index + 0.5) for index in range(count)]


def _spread(rows: Sequence[Mapping[str, Any]], x: float, step: float) -> list[tuple[Mapping[str, Any], float]]:
    """Side by side where clips lie close, so that a dense night does not look like one clip."""
    width = min(0.6 * step, 16.0)
    ordered = sorted(rows, key=lambda row: row["anomaly_score"])
    # Fractions of the golden ratio fill the width evenly for any number of clips, without chance.
    return [(row, x + width * (((index + 0.5) * 0.6180339887) % 1.0 - 0.5)) for index, row in enumerate(ordered)]


def _line(points: Sequence[tuple[float, float | None]], low: float, high: float) -> str:
    known = [(x, _height(value, low, high)) for x, value in points if value is not None]
    return "".join(f"{'L' if index else 'M'}{x:.1f} {y:.1f}" for index, (x, y) in enumerate(known))


def _steps(points: Sequence[tuple[float, float | None]], low: float, high: float) -> str:
    half = (_RIGHT - _LEFT) / len(points) / 2
    path = ""
    for x, value in points:
        if value is not None:
            path += f"M{x - half:.1f} {_height(value, low, high):.1f}h{2 * half:.1f}"
    return path


def _spark(values: Sequence[float | None], low: float, high: float) -> str:
    step = 96.0 / max(1, len(values) - 1)
    points = [
        (2.0 + step * index if len(values) > 1 else 50.0, 22.0 - 20.0 * min((value - low) / (high - low), 1.0))
        for index, value in enumerate(values)
        if value is not None
    ]
    if len(points) == 1:
        return f"M{points[0][0] - 2:.1f} {points[0][1]:.1f}h4"
    return "".join(f"{'L' if index else 'M'}{x:.1f} {y:.1f}" for index, (x, y) in enumerate(points))


def _round_values(low: float, high: float) -> list[float]:
    """Three to six values of the form 1, 2 or 5 times a power of ten inside the scale."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def _date_labels(dates: Sequence[str], places: Sequence[float]) -> tuple[tuple[float, str], ...]:
    """Every night, or every n-th counted back from this one, so that the labels do not touch."""
    every = math.ceil(len(dates) / 6)
    pairs = list(zip(places, dates, strict=True))[::-1][::every]
    return tuple((round(x, 1), date[5:] if len(date) == 10 else date) for x, date in reversed(pairs))
