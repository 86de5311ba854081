"""Figures of a benchmark: values of interleaved repeats, their median and spread, and the target they should meet."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version


@dataclass(frozen=True)
class Figure:
    """One line of the report.

    Attributes:
        benchmark: which it belongs to.
        name: what was measured.
        values: one a repeat.
        unit: of the values.
        at_least: the median's lower limit, where there is one.
        at_most: its upper limit, where there is one.
    """

    benchmark: str
    name: str
    values: tuple[float, ...]
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def median(self) -> float:
        """NaN where a value is."""
        return math.nan if any(map(math.isnan, self.values)) else statistics.median(self.values)

    @property
    def target(self) -> str:
        """The limits in words; empty where there are none."""
        limits = [("at least", self.at_least), ("at most", self.at_most)]
        return ", ".join(f"{word} {limit:g}" for word, limit in limits if limit is not None)

    @property
    def verdict(self) -> str:
        """Whether the median keeps the limits; empty where there are none."""
        if not self.target:
            return ""
        if not math.isfinite(self.median):
            return "not measurable: too noisy"
        low = self.at_least is None or self.median >= self.at_least
        high = self.at_most is None or self.median <= self.at_most
        return "met" if low and high else "MISSED"


def slope(few: int, many: int, seconds_few: float, seconds_many: float) -> float:
    """Clips a second between two sizes of the same run, free of what starting and ending it costs.

    Infinite where the larger run was not even slower: the noise of the machine outweighs the difference.
    """
    return (many - few) / (seconds_many - seconds_few) if seconds_many > seconds_few else math.inf


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = [
        "| benchmark | figure | median | least | most | repeats | target | |",
        "|---|---|---:|---:|---:|---:|---|---|",
    ]
    for figure in figures:
        numbers = (figure.median, min(figure.values), max(figure.values))
        cells = [figure.benchmark, figure.name + (f", {figure.unit}" if figure.unit else "")]
        cells += [*map(_number, numbers), str(len(figure.values)), figure.target, figure.verdict]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def as_json(figures: Sequence[Figure], notes: Sequence[str]) -> str:
    """The same with every single value, for machines."""
    told = [{**asdict(figure), "median": figure.median, "verdict": figure.verdict} for figure in figures]
    return json.dumps({"machine": machine(), "notes": list(notes), "figures": told}, indent=1)


def machine() -> str:
    """What it was measured on, in one line."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("ray", "numpy", "pyarrow", "torch"))
    return (
        f"{len(os.sched_getaffinity(0))} cores of {models[0] if models else platform.machine()}, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, {packages}; load before {os.getloadavg()[0]:.1f}"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
