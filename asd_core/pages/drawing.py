"""Charts in SVG: scales with round marks, shapes, and the drawing that holds them.

The style sheet gives each class of shapes its colour, so that a chart reads in light and dark mode and on paper.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from asd_core.pages.number_format import tick
from asd_core.readable import readable

Point = tuple[float, float]
Tick = tuple[float, str]
"""The place of a mark along a scale, and its label."""


@dataclass(frozen=True)
class Drawing:
    """Shapes in a view box of ``width`` x ``height``, later ones on top.

    As it stands it is an ornament that stretches to its box and is hidden from screen readers, which find its content
    in words beside it. `named` gives a figure.
    """

    width: float
    height: float
    shapes: tuple[Markup, ...]

    def named(self, anchor: str, title: str, description: str) -> Markup:
        """The figure with a name and a description, whose ids begin with ``anchor``; also a valid file."""
        return Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {:g} {:g}" role="img" '
            'aria-labelledby="{anchor}-t {anchor}-d">\n<title id="{anchor}-t">{}</title>\n'
            '<desc id="{anchor}-d">{}</desc>\n{}\n</svg>'
        ).format(self.width, self.height, title, description, self._inside("\n"), anchor=anchor)

    def __html__(self) -> str:
        box = f'viewBox="0 0 {self.width:g} {self.height:g}"'
        return f'<svg {box} preserveAspectRatio="none" aria-hidden="true">{self._inside("")}</svg>'

    def _inside(self, between: str) -> Markup:
        return Markup(between).join(self.shapes)


@dataclass(frozen=True)
class Scale:
    """The places of values: ``low`` lies at ``start`` and ``high`` at ``end``, and values beyond lie at these edges.

    Where both values are one, it lies in the middle.
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value, to a tenth."""
        low, high = self.low, self.high
        if self.is_log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        share = (value - low) / (high - low) if high > low else 0.5
        return round(self.start + min(max(share, 0.0), 1.0) * (self.end - self.start), 1)

    def ticks(self, intervals: int = 4) -> list[Tick]:
        """Marks at round values."""
        return [(self(value), tick(value)) for value in round_values(self.low, self.high, self.is_log, intervals)]


def round_values(low: float, high: float, is_log: bool = False, intervals: int = 4) -> list[float]:
    """Round values inside a scale, about as many as ``intervals``.

    They are multiples of 1, 2 or 5 times a power of ten. On a logarithmic scale they are at most six powers of ten,
    or the ends of the scale where it holds none.
    """
    if high <= low:
        return [low]
    if is_log:
        powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
        return [10.0**power for power in powers][:: max(1, math.ceil(len(powers) / 6))] or [low, high]
    rough = (high - low) / intervals
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def with_margin(values: Iterable[float]) -> tuple[float, float]:
    """The ends of a scale somewhat wider than its values."""
    known = list(values)
    low, high = min(known), max(known)
    margin = 0.06 * (high - low) or 0.1 * max(abs(high), 1.0)
    return low - margin, high + margin


def shape(tag: str, attributes: Mapping[str, str | float], words: str = "", tooltip: str = "") -> Markup:
    """One SVG element with its text, and with words that a pointer over it shows."""
    written = Markup("").join(
        Markup(' {}="{}"').format(name, value if isinstance(value, str) else f"{value:g}")
        for name, value in attributes.items()
    )
    if not words and not tooltip:
        return Markup("<{}{}/>").format(tag, written)
    title = Markup("<title>{}</title>").format(readable(tooltip)) if tooltip else ""
    return Markup("<{tag}{}>{}{}</{tag}>").format(written, title, readable(words), tag=tag)


def path(class_: str, *parts: str) -> Markup:
    """A path of lines, dots, triangles or levels."""
    return shape("path", {"class": class_, "d": "".join(parts)})


def line(points: Sequence[Point]) -> str:
    """A line through points; a lone one is a short dash."""
    if len(points) == 1:
        return f"M{points[0][0] - 2:g} {points[0][1]:g}h4"
    return "".join(f"{'L' if index else 'M'}{x:g} {y:g}" for index, (x, y) in enumerate(points))


def dots(points: Iterable[Point]) -> str:
    """Points to be stroked with round caps; equal ones once."""
    return "".join(f"M{x:g} {y:g}h0" for x, y in sorted(set(points)))


def triangles(points: Iterable[Point]) -> str:
    """Small triangles to be filled; equal ones once."""
    return "".join(f"M{x:g} {y - 4.5:g}l4 7h-8z" for x, y in sorted(set(points)))


def level(y: float, left: float, right: float) -> str:
    """A horizontal line."""
    return f"M{left:g} {y:g}H{right:g}"


def upright(x: float, top: float, bottom: float) -> str:
    """A vertical line."""
    return f"M{x:g} {top:g}V{bottom:g}"


def label(x: float, y: float, words: str, anchor: str = "middle", class_: str = "label") -> Markup:
    """Text on the base line ``y`` that begins, is centred or ends at ``x``: ``start``, ``middle`` or ``end``."""
    return shape("text", {"class": class_, "x": x, "y": y, "text-anchor": anchor}, words)


def labels_across(ticks: Iterable[Tick], y: float) -> list[Markup]:
    """The labels of a horizontal scale."""
    return [label(x, y, words) for x, words in ticks]


def grid_lines(ticks: Iterable[Tick], left: float, right: float) -> list[Markup]:
    """The lines of a vertical scale, with their labels to the left of them."""
    pairs = [(path("rule", level(y, left, right)), label(left - 6, y + 4, words, "end")) for y, words in ticks]
    return [part for pair in pairs for part in pair]
