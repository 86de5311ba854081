"""The geometry of a small chart: how similar a clip is to each text, beside the range of its nearest normal clips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

WIDTH, HEIGHT = 200, 14
_LEFT, _RIGHT, _MIDDLE = 4, 196, 7


@dataclass(frozen=True)
class SimilarityRow:
    """One text; paths lie in a view box of `WIDTH` x `HEIGHT`.

    Attributes:
        text: as it was compared with.
        similarity: cosine of the clip.
        lowest: of the normal clips' cosines.
        highest: of the normal clips' cosines.
        side: where the clip lies: outside the normals' range, ``above`` or ``below`` it, or ``within``.
        range: a line from the lowest to the highest.
        dots: a point a normal clip, to be stroked with round caps.
        mark: an upright line at the clip.
    """

    text: str
    similarity: float
    lowest: float
    highest: float
    side: Literal["above", "below", "within"]
    range: str
    dots: str
    mark: str


@dataclass(frozen=True)
class SimilarityChart:
    """The rows in the order of the texts, all on one scale, and how many normal clips they are compared with."""

    rows: tuple[SimilarityRow, ...]
    n_normals: int


def draw_similarities(
    texts: Sequence[str], similarities: Sequence[float], normal_similarities: Sequence[Sequence[float]]
) -> SimilarityChart | None:
    """Draw similarities (L,) against those of k normal clips (k, L), or None where they do not make a table."""
    columns = list(zip(*normal_similarities, strict=False))
    values = [*similarities, *(value for row in normal_similarities for value in row)]
    is_table = len({len(texts), len(similarities), *map(len, normal_similarities)}) == 1
    if not texts or not normal_similarities or not is_table or not all(map(math.isfinite, values)):
        return None
    low, high = min(values), max(values)

    def place(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * ((value - low) / (high - low) if high > low else 0.5)

    rows = []
    for text, similarity, normals in zip(texts, similarities, columns, strict=True):
        lowest, highest = min(normals), max(normals)
        rows.append(
            SimilarityRow(
                text=text,
                similarity=similarity,
                lowest=lowest,
                highest=highest,
                side="above" if similarity > highest else "below" if similarity < lowest else "within",
                range=f"M{place(lowest):.1f} {_MIDDLE}H{place(highest):.1f}",
                dots="".join(f"M{place(normal):.1f} {_MIDDLE}h0" for normal in sorted(normals)),
                mark=f"M{place(similarity):.1f} 1V{HEIGHT - 1}",
            )
        )
    return SimilarityChart(tuple(rows), len(normal_similarities))
