"""Maps of a machine's clips: a mark for each clip, by class or by anomaly score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from asd_core.pages.drawing import Drawing, Point, Scale, dots, path, triangles, with_margin
from asd_core.pages.number_format import figure

SIZE = 300
_EDGE = 8
COLOURS = 8
SHAPES = ("dots", "triangles", "squares")
MOST_CLASSES = COLOURS * len(SHAPES)
LEVELS = 5
"""Colours of anomaly scores, each of as many clips."""


@dataclass(frozen=True)
class Mark:
    """A kind of mark on a map, for its legend.

    Attributes:
        classes: of the style sheet.
        d: the mark alone, in a box of 14 x 10.
        words: name of what it marks.
    """

    classes: str
    d: str
    words: str


@dataclass(frozen=True)
class ClipMap:
    """One map.

    Attributes:
        anchor: word that tells it from the machine's other maps.
        title: what the marks tell.
        drawing: the marks.
        marks: the legend.
    """

    anchor: str
    title: str
    drawing: Drawing
    marks: tuple[Mark, ...]


def places(x: Sequence[float], y: Sequence[float]) -> list[Point]:
    """The places of clips on a map of all of them; both directions have one scale."""
    ends = with_margin(x), with_margin(y)
    half = max(high - low for low, high in ends) / 2
    across, down = ((low + high) / 2 for low, high in ends)
    at_x = Scale(across - half, across + half, _EDGE, SIZE - _EDGE)
    at_y = Scale(down - half, down + half, SIZE - _EDGE, _EDGE)
    return [(at_x(one), at_y(other)) for one, other in zip(x, y, strict=True)]


def map_of_classes(
    anchor: str, title: str, at: Sequence[Point], classes: Sequence[str | None], rest: str, small: Sequence[bool]
) -> ClipMap:
    """A map of clips by class; the largest classes have marks of their own.

    Args:
        anchor: see `ClipMap`.
        title: see `ClipMap`.
        at: of each clip.
        classes: of each clip; None for none.
        rest: what clips without a class are.
        small: clips that have smaller marks.
    """
    counts = Counter(name for name in classes if name is not None)
    shown = sorted(sorted(counts, key=lambda name: -counts[name])[:MOST_CLASSES])
    shapes, marks = [], []

    def add(kind: str, shape: str, words: str, chosen: Callable[[str | None], bool]) -> None:
        for is_small in (True, False):
            points = [
                point
                for point, name, one in zip(at, classes, small, strict=True)
                if chosen(name) and bool(one) == is_small
            ]
            if points:
                shapes.append(path(f"{kind} {shape}{' small' * is_small}", _drawn(shape, points)))
        marks.append(Mark(f"{kind} {shape}", _drawn(shape, [(7, 6 if shape == "triangles" else 5)]), words))

    if None in classes:
        add("none", "dots", rest, lambda name: name is None)
    if others := sorted(set(counts) - set(shown)):
        add("none", "squares", f"{len(others)} smaller classes", lambda name: name is not None and name not in shown)
    for number, name in enumerate(shown):
        shape = SHAPES[number // COLOURS]
        add(f"c{number % COLOURS}", shape, f"{name} ({counts[name]})", lambda one, name=name: one == name)  # type: ignore[misc]
    return ClipMap(anchor, title, Drawing(SIZE, SIZE, tuple(shapes)), tuple(marks))


def map_of_scores(
    anchor: str, title: str, at: Sequence[Point], scores: Sequence[float | None], anomalous: Sequence[bool]
) -> ClipMap:
    """A map of clips by anomaly score, in five colours of as many clips each; known anomalies are triangles."""
    known = np.array([score for score in scores if score is not None])
    edges = np.quantile(known, np.linspace(0, 1, LEVELS + 1)[1:-1])
    level = [None if score is None else int(np.searchsorted(edges, score, "right")) for score in scores]
    shapes = [path("none dots small", dots(_at(at, (one is None for one in level))))] if None in level else []
    marks = [Mark("none dots", dots([(7, 5)]), "not scored")] if None in level else []
    ends = [float(known.min()), *edges.tolist(), float(known.max())]
    for number in range(LEVELS):
        for shape, wanted in (("dots", False), ("triangles", True)):
            chosen = [one == number and bool(odd) == wanted for one, odd in zip(level, anomalous, strict=True)]
            if any(chosen):
                shapes.append(path(f"s{number} {shape}", _drawn(shape, _at(at, chosen))))
        marks.append(Mark(f"s{number} dots", dots([(7, 5)]), f"{figure(ends[number])} to {figure(ends[number + 1])}"))
    if any(anomalous):
        marks.append(Mark(f"s{LEVELS - 1} triangles", triangles([(7, 6)]), "known to be anomalous"))
    return ClipMap(anchor, title, Drawing(SIZE, SIZE, tuple(shapes)), tuple(marks))


def _at(at: Sequence[Point], chosen: Iterable[bool]) -> list[Point]:
    return [point for point, is_chosen in zip(at, chosen, strict=True) if is_chosen]


def _drawn(shape: str, points: Sequence[Point]) -> str:
    if shape == "squares":
        return "".join(f"M{x - 3:g} {y - 3:g}h6v6h-6z" for x, y in sorted(set(points)))
    return dots(points) if shape == "dots" else triangles(points)
