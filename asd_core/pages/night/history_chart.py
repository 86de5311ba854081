"""The chart of a machine's score history: every clip a dot, nights from left to right, against the threshold."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asd_core.pages.drawing import (
    Drawing,
    Point,
    Scale,
    Tick,
    dots,
    grid_lines,
    labels_across,
    level,
    line,
    path,
    triangles,
    with_margin,
)
from asd_core.pages.night.contents import Row

WIDTH, HEIGHT = 446, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 432, 12, 160
_NIGHTS = 30  # the last ones: more would be less than a finger wide each on a phone
_CUT = 6.0  # distances of the threshold from the lowest score, above which the scale ends


@dataclass(frozen=True)
class NightFigures:
    """The figures of one night of a machine; median and highest are None where no clip was scored."""

    date: str
    n_scored: int
    n_flagged: int
    median: float | None
    highest: float | None
    decision_threshold: float | None


@dataclass(frozen=True)
class HistoryChart:
    """A score history.

    Attributes:
        nights: the figures, oldest first, this night last.
        drawing: every clip, the nights' medians and the thresholds.
        spark: the highest score of each night against the threshold, small.
        n_cut: number of clips above the end of the scale, drawn at its upper edge.
    """

    nights: tuple[NightFigures, ...]
    drawing: Drawing
    spark: Drawing
    n_cut: int


def draw_history(earlier: Sequence[Row], tonight: Sequence[Row], date: str) -> HistoryChart | None:
    """Draw the last 30 nights, this one included, or return None where no clip was ever scored.

    The rows have date, anomaly_score, decision_threshold and is_flagged; ``tonight`` belongs to ``date``.
    """
    scored: dict[str, list[Row]] = defaultdict(list)
    for row in earlier:
        if row["anomaly_score"] is not None and math.isfinite(row["anomaly_score"]):
            scored[row["date"]].append(row)
    scored[date] = [row for row in tonight if math.isfinite(row["anomaly_score"])]
    dates = [*sorted(scored.keys() - {date}), date][-_NIGHTS:]
    nights = tuple(_figures(night, scored[night]) for night in dates)
    values = [row["anomaly_score"] for night in dates for row in scored[night]]
    if not values:
        return None
    low, high = _limits(values, [night.decision_threshold for night in nights if night.decision_threshold is not None])
    return HistoryChart(
        nights=nights,
        drawing=_draw(nights, scored, Scale(low, high, _BOTTOM, _TOP)),
        spark=_spark(nights, Scale(low, high, 22, 2)),
        n_cut=sum(value > high for value in values),
    )


def _figures(date: str, rows: Sequence[Row]) -> NightFigures:
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


def _limits(values: Sequence[float], thresholds: Sequence[float]) -> tuple[float, float]:
    low, high = min(*values, *thresholds, values[0]), max(*values, *thresholds, values[0])
    if thresholds and max(thresholds) > low:
        high = min(high, low + _CUT * (max(thresholds) - low))
    return with_margin((low, high))


def _draw(nights: Sequence[NightFigures], scored: Mapping[str, Sequence[Row]], up: Scale) -> Drawing:
    across = Scale(-0.5, len(nights) - 0.5, _LEFT, _RIGHT)
    step = (_RIGHT - _LEFT) / len(nights)
    places = [across(index) for index in range(len(nights))]
    clips = [clip for x, night in zip(places, nights, strict=True) for clip in _spread(scored[night.date], x, step)]
    points = [(bool(row["is_flagged"]), (x, up(row["anomaly_score"]))) for row, x in clips]
    medians = _known([(x, night.median) for x, night in zip(places, nights, strict=True)], up)
    thresholds = _known([(x, night.decision_threshold) for x, night in zip(places, nights, strict=True)], up)
    shapes = [
        *grid_lines(up.ticks(), _LEFT, _RIGHT),
        *labels_across(_dates(nights, places), _BOTTOM + 20),
        path("dots", dots(point for is_flagged, point in points if not is_flagged)),
        path("median", line(medians)),
        path("threshold", *(level(y, round(x - step / 2, 1), round(x + step / 2, 1)) for x, y in thresholds)),
        path("triangles", triangles(point for is_flagged, point in points if is_flagged)),
    ]
    return Drawing(WIDTH, HEIGHT, tuple(shapes))


def _spark(nights: Sequence[NightFigures], up: Scale) -> Drawing:
    across = Scale(0, len(nights) - 1, 2, 98)
    thresholds = _known([(across(index), night.decision_threshold) for index, night in enumerate(nights)], up)
    highest = _known([(across(index), night.highest) for index, night in enumerate(nights)], up)
    return Drawing(100, 24, (path("threshold", line(thresholds)), path("line", line(highest))))


def _known(points: Sequence[tuple[float, float | None]], up: Scale) -> list[Point]:
    return [(x, up(value)) for x, value in points if value is not None]


def _spread(rows: Sequence[Row], x: float, step: float) -> list[tuple[Row, float]]:
    """Places side by side where clips lie close, so that a dense night does not look like one clip."""
    width = min(0.6 * step, 16.0)
    ordered = sorted(rows, key=lambda row: row["anomaly_score"])
    # Fractions of the golden ratio fill the width evenly for any number of clips, without chance.
    shares = (((index + 0.5) * 0.6180339887) % 1.0 - 0.5 for index in range(len(ordered)))
    return [(row, round(x + width * share, 1)) for row, share in zip(ordered, shares, strict=True)]


def _dates(nights: Sequence[NightFigures], places: Sequence[float]) -> list[Tick]:
    """Every night, or every n-th counted back from this one, so that the labels do not touch."""
    every = math.ceil(len(nights) / 6)
    pairs = list(zip(places, (night.date for night in nights), strict=True))[::-1][::every]
    return [(x, date[5:] if len(date) == 10 else date) for x, date in reversed(pairs)]
