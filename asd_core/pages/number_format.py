"""Numbers as a page writes them."""

from __future__ import annotations

import math

__all__ = ["clock", "counted", "figure", "number", "percent", "probability", "signed", "thousandths", "tick"]

MISSING = "–"


def figure(value: float | None) -> str:
    """A score or distance with four significant digits; a dash where there is none."""
    if value is None or math.isnan(value):
        return MISSING
    return _minus(f"{value:,.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:#.4g}")


def thousandths(value: float | None) -> str:
    """An AUC, an objective or a cosine similarity with three decimals; a dash where there is none."""
    if value is None or math.isnan(value):
        return MISSING
    return _minus(f"{round(value, 3) + 0.0:.3f}")  # no minus before zero


def probability(value: float | None) -> str:
    """A p-value with two significant digits."""
    return MISSING if value is None else f"{value:.2g}"


def tick(value: float) -> str:
    """A round value beside an axis."""
    return _minus(f"{value:g}")


def signed(value: float | None) -> str:
    """A figure with its sign and two decimals."""
    if value is None or not math.isfinite(value):
        return MISSING
    return _minus(f"{value:+.2f}" if abs(value) < 1e4 else f"{value:+.3g}")


def percent(value: float | None) -> str:
    """A share in [0, 1] as a percentage."""
    return MISSING if value is None else f"{100 * value:.3g}\N{NO-BREAK SPACE}%"


def clock(seconds: float) -> str:
    """A time in a recording as players write it, ``0:50``, ``12:34.5`` or ``1:02:03``: tenths where there are any."""
    tenths = int(seconds * 10 + 1e-6)
    minutes, rest = divmod(tenths // 10, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return f"{text}.{tenths % 10}" if tenths % 10 else text


def number(value: int) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,}"


def counted(value: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 clip``, ``2 clips``."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def _minus(text: str) -> str:
    return text.replace("-", "−") if text.startswith("-") else text
