"""Violin plots of opinion scores, as Fig. 2 of Ogura et al.: a white dot is the median, a black bar the quartiles.

They are PNG files for papers and slides, unlike the charts of the pages, so matplotlib draws them and estimates the
densities.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from asd_core.evaluation.opinion_files import BEST, WORST
from asd_core.evaluation.opinion_scores import INFORMATIVE, OpinionScores
from asd_core.readable import machine_name, readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Violins = Mapping[str, Sequence[float]]
"""Method → values from 1 to 5."""

_COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377")  # told apart by the colour-blind too
_SLOTS = 28  # violins side by side
_NAME_LENGTH = 24  # characters
_DPI = 120
_MOST_ROWS = 60  # an image of more could not be opened


def draw_opinion_scores(scores: OpinionScores) -> bytes:
    """A PNG of the mean opinion scores of the ids: a violin for each method, for all machines and each machine type."""
    types = dict.fromkeys(score.machine_type for score in scores.machines)
    groups = [("all machines", {method.method: scores.mos_of(method.method) for method in scores.methods})]
    for machine_type in types:
        values = {method.method: scores.mos_of(method.method, machine_type) for method in scores.methods}
        groups.append((machine_name(machine_type, ""), values))
    return _draw(groups, [method.method for method in scores.methods], "Mean opinion score of each id")


def draw_ratings(scores: OpinionScores) -> bytes:
    """A PNG of the ratings themselves: a violin for each method and machine id."""
    groups: dict[str, dict[str, Sequence[float]]] = {}
    for score in scores.machines:
        groups.setdefault(machine_name(score.machine_type, score.machine_id), {})[score.method] = score.values
    return _draw(list(groups.items()), [method.method for method in scores.methods], "Ratings")


def _draw(groups: Sequence[tuple[str, Violins]], methods: Sequence[str], label: str) -> bytes:
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    per_row = max(1, _SLOTS // (len(methods) + 1))
    n_rows = min(math.ceil(len(groups) / per_row), _MOST_ROWS)
    figure = Figure(figsize=(11, 2.9 * n_rows + 0.6), dpi=_DPI, layout="constrained")
    for row, axes in enumerate(figure.subplots(n_rows, 1, squeeze=False)[:, 0]):
        _draw_row(axes, groups[row * per_row : (row + 1) * per_row], methods, min(per_row, len(groups)))
        axes.set_ylabel(label)
    if (left := len(groups) - n_rows * per_row) > 0:
        figure.supxlabel(f"{left} more are in the table")
    patches = [Patch(color=_colour(index), label=_shown(method)) for index, method in enumerate(methods)]
    legend = figure.legend(handles=patches, loc="outside upper center", ncols=min(len(methods), 4), frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _draw_row(axes: Axes, groups: Sequence[tuple[str, Violins]], methods: Sequence[str], n_slots: int) -> None:
    step = len(methods) + 1
    for place, (_, violins) in enumerate(groups):
        for index, method in enumerate(methods):
            if values := violins.get(method):
                _draw_violin(axes, place * step + index, values, _colour(index))
    middle = (len(methods) - 1) / 2
    axes.set_xticks([place * step + middle for place in range(len(groups))])
    # A name such as $\x$ is no formula.
    axes.set_xticklabels([_shown(name) for name, _ in groups], rotation=20, ha="right", parse_math=False)
    axes.axhline(INFORMATIVE, color="#888888", linewidth=0.8, linestyle="--", zorder=0)
    axes.set(xlim=(-1, n_slots * step - 1), ylim=(WORST - 0.3, BEST + 0.3), yticks=range(WORST, BEST + 1))


def _draw_violin(axes: Axes, place: float, values: Sequence[float], colour: str) -> None:
    parts: Any = axes.violinplot([list(values)], positions=[place], widths=0.85, showextrema=False)
    for body in parts["bodies"]:
        body.set(facecolor=colour, edgecolor="none", alpha=0.55)
    lower, median, upper = np.percentile(values, [25, 50, 75])
    axes.vlines(place, lower, upper, color="black", linewidth=5, zorder=2)
    axes.scatter([place], [median], color="white", edgecolor="black", linewidth=0.6, s=22, zorder=3)


def _colour(index: int) -> str:
    return _COLOURS[index % len(_COLOURS)]


def _shown(name: str) -> str:
    """The name as the font can show it, cut to a length."""
    known = _characters()
    text = "".join(c if ord(c) in known else "\N{REPLACEMENT CHARACTER}" for c in readable(name))
    return text if len(text) <= _NAME_LENGTH else text[: _NAME_LENGTH - 1] + "…"


@cache
def _characters() -> frozenset[int]:
    """The characters of the font: matplotlib warns of each that it lacks."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties())).get_charmap())
