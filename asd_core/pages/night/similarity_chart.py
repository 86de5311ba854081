"""The chart of how similar a clip is to each text, beside the range of its nearest normal clips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from asd_core.pages.drawing import Drawing, Scale, dots, level, path, upright

Side = Literal["above", "below", "within"]

WIDTH, HEIGHT = 200, 14
_LEFT, _RIGHT, _MIDDLE = 4, 196, 7


@dataclass(frozen=True)
class SimilarityRow:
    """One text.

    Attributes:
        text: the text that the clips were compared with.
        similarity: cosine of the clip.
        lowest: lowest cosine of the normal clips.
        highest: highest cosine of the normal clips.
        side: where the clip lies: outside the normals' range, ``above`` or ``below`` it, or ``within``.
        drawing: the normals' range as a bar, each of them as a dot, and the clip as an upright line.
    """

    text: str
    similarity: float
    lowest: float
    highest: float
    side: Side
    drawing: Drawing


@dataclass(frozen=True)
class SimilarityChart:
    """The rows in the order of the texts, all on one scale, and the number of normal clips they are compared with."""

    rows: tuple[SimilarityRow, ...]
    n_normals: int


def draw_similarities(
    texts: Sequence[str], similarities: Sequence[float], normal_similarities: Sequence[Sequence[float]]
) -> SimilarityChart | None:
    """Draw similarities (L,) against those of k normal clips (k, L), or None where they do not make a table."""
    values = [*similarities, *(value for row in normal_similarities for value in row)]
    is_table = len({len(texts), len(similarities), *map(len, normal_similarities)}) == 1
    if not texts or not normal_similarities or not is_table or not all(map(math.isfinite, values)):
        return None
    place = Scale(min(values), max(values), _LEFT, _RIGHT)
    columns = zip(*normal_similarities, strict=True)
    rows = [_row(*each, place) for each in zip(texts, similarities, columns, strict=True)]
    return SimilarityChart(tuple(rows), len(normal_similarities))


def _row(text: str, similarity: float, normals: Sequence[float], place: Scale) -> SimilarityRow:
    lowest, highest = min(normals), max(normals)
    shapes = (
        path("axis", level(_MIDDLE, 0, WIDTH)),
        path("range", level(_MIDDLE, place(lowest), place(highest))),
        path("normals", dots((place(normal), _MIDDLE) for normal in normals)),
        path("mark", upright(place(similarity), 1, HEIGHT - 1)),
    )
    side: Side = "above" if similarity > highest else "below" if similarity < lowest else "within"
    return SimilarityRow(text, similarity, lowest, highest, side, Drawing(WIDTH, HEIGHT, shapes))
