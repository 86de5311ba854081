"""Options of ``asd simulate`` that change a fleet over its nights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from jobs.options import together

if TYPE_CHECKING:
    from asd_core.synthesis.fleet import Changes

change_options = together(
    click.option(
        "--night-effects",
        type=click.FloatRange(0, 20),
        default=1.0,
        show_default=True,
        help="Factor on the differences between a machine's nights.",
    ),
    click.option(
        "--drift",
        "drift_db",
        type=click.FloatRange(0, 20),
        default=0.0,
        metavar="DB",
        help="Size of each machine's own slow change in 30 nights.",
    ),
    click.option(
        "--season",
        "season_db",
        type=click.FloatRange(0, 20),
        default=0.0,
        metavar="DB",
        help="Size of the swing of all machines in 365 nights.",
    ),
    click.option(
        "--gain-change",
        "gains",
        multiple=True,
        metavar="NIGHT=DB",
        help="Every recording from a night on is louder by so much, as in 10=-3 (repeatable).",
    ),
    click.option(
        "--microphone-change",
        "microphones",
        multiple=True,
        metavar="NIGHT=MACHINE",
        help="A machine has another microphone from a night on, as in 10=fan/00 (repeatable).",
    ),
    click.option(
        "--growing-fault",
        "growing",
        multiple=True,
        metavar="NIGHT=MACHINE/KIND/DB",
        help="A fault begins in a night and grows by so much a night, as in 10=fan/00/bearing/1.5 (repeatable).",
    ),
)


def changes_of(
    night_effects: float,
    drift_db: float,
    season_db: float,
    gains: tuple[str, ...],
    microphones: tuple[str, ...],
    growing: tuple[str, ...],
) -> Changes:
    """The changes that the options ask for; nights count from 1 there.

    Raises:
        UsageError: a text of another form.
    """
    from asd_core.synthesis.fleet import Changes, GainChange, GrowingFault, MicrophoneChange

    return Changes(
        night_effects,
        drift_db,
        season_db,
        tuple(GainChange(*_parts("--gain-change", text, "10=-3", 1)) for text in gains),
        tuple(MicrophoneChange(*_parts("--microphone-change", text, "10=fan/00", 2)) for text in microphones),
        tuple(GrowingFault(*_parts("--growing-fault", text, "10=fan/00/bearing/1.5", 4)) for text in growing),
    )


def _parts(option: str, text: str, example: str, count: int) -> tuple[Any, ...]:
    """The night, from 0, and the parts behind the equals sign, of which a last one in decibels becomes a number."""
    from asd_core.errors import UsageError

    night, _, rest = text.partition("=")
    parts: list[Any] = rest.split("/")
    if not (night.isascii() and night.isdigit() and len(night) < 7) or len(parts) != count:
        raise UsageError(f"{option} {text}: write it as {example}")
    if count != 2:
        try:
            parts[-1] = float(parts[-1])
        except ValueError:
            parts[-1] = math.nan
        if not math.isfinite(parts[-1]):
            raise UsageError(f"{option} {text}: write it as {example}, with a number of decibels")
    return int(night) - 1, *parts
