"""Alarms that a person has answered: quiet until they change.

An alarm whose night is labelled as a fault, or to be ignored until a date, is acknowledged from that night on. It comes
back as an alarm when it is clearly worse than in the labelled night, after that date, or as a new alarm. Once back, it
stays until it is labelled again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.machine_nights import Floats

Answer = Literal["normal", "fault", "ignore"]

WORSE_BY = 4.25
"""Deviations of a machine's nights: two nights that are alike differ by √2 of them, and by 3 times that 1 time in 700.
"""

WORSE_TIMES = 2.0
"""A strong fault differs between nights in proportion to its strength, and not by the spread of normal nights alone. Of
1.5, 2, 2.5 and 3 this one brings few steady faults back and most that get twice as strong (docs/alarms.md)."""


@dataclass(frozen=True)
class NightAnswer:
    """The answer of a person that holds for a machine's night.

    Attributes:
        answer: ``normal``, ``fault`` or ``ignore``.
        words: of the person, "" without.
        until: the last night that an alarm is ignored; "" for other answers.
        labelled_by: name of the person; "" where none was given.
    """

    answer: Answer
    words: str = ""
    until: str = ""
    labelled_by: str = ""


def acknowledged(
    states: NDArray[np.str_],
    strength: Floats,
    dates: Sequence[str],
    answers: Mapping[tuple[int, int], NightAnswer],
) -> tuple[NDArray[np.bool_], dict[tuple[int, int], NightAnswer]]:
    """The nights whose alarm stays quiet, and the answer that quiets each.

    Args:
        states: (M, T) of alarms, see `asd_core.alarms.episodes.Episodes`.
        strength: (M, T) distance of each night, in deviations of the machine's nights; NaN where not judged.
        dates: (T,) of the nights, ascending.
        answers: (machine, night) → the answer on it. Answers on nights without an alarm quiet nothing.

    Returns:
        (M, T), True for new and continuing nights of alarms that are acknowledged; (machine, night) → the answer, of
        each of them.
    """
    quiet, told = np.zeros(states.shape, bool), dict[tuple[int, int], NightAnswer]()
    for machine in sorted({machine for machine, _ in answers}):
        standing: tuple[NightAnswer, float] | None = None
        for night, date in enumerate(dates):
            state = states[machine, night]
            if state in ("new", "cleared"):
                standing = None
            if state not in ("new", "continuing"):
                continue
            own, now = answers.get((machine, night)), float(strength[machine, night])
            if own is not None and own.answer != "normal":
                standing = (own, now)
            if standing is not None and (_is_over(standing[0], date) or is_clearly_worse(now, standing[1])):
                standing = None
            if standing is not None:
                quiet[machine, night], told[machine, night] = True, standing[0]
    return quiet, told


def is_clearly_worse(strength: float, before: float) -> bool:
    """True for evidence that is beyond that of a night by `WORSE_BY` and by `WORSE_TIMES`.

    Args:
        strength: of the night, in deviations of the machine's nights.
        before: of the night that it is compared with.

    Example:
        >>> is_clearly_worse(9.0, 5.0), is_clearly_worse(11.0, 5.0), is_clearly_worse(4.0, 1.0)
        (False, True, False)
    """
    return strength > before + WORSE_BY and strength > WORSE_TIMES * before


def _is_over(answer: NightAnswer, date: str) -> bool:
    return bool(answer.until) and date > answer.until
