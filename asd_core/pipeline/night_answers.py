"""From the answers of people on clips and nights to one answer on each night of a machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from asd_core.alarms.acknowledged import NightAnswer
from asd_core.pipeline.gathered_nights import GatheredNights
from asd_core.store.tables import rows_of

MachineNight = tuple[str, str, str]
"""Machine type, machine id and date."""

_TOLD = ("machine_type", "machine_id", "date", "uri", "answer", "words", "until", "labelled_by")


def night_answers(labels: pa.Table, nights: GatheredNights) -> dict[MachineNight, NightAnswer]:
    """The answer on each night of a machine that has one.

    An answer on the night itself counts before those on its clips. Without one, a clip that is labelled as a fault
    makes the night one, and a night is normal if all its scored clips are labelled normal.

    Args:
        labels: rows of LABELS that count, the oldest first.
        nights: with the column ``clips``; answers on other nights are left out.
    """
    number = {date: night for night, date in enumerate(nights.dates)}
    place = {machine: row for row, machine in enumerate(nights.machines)}
    clips = np.nan_to_num(nights.matrix("clips"))
    own, faults = dict[MachineNight, NightAnswer](), dict[MachineNight, NightAnswer]()
    normal: dict[MachineNight, list[NightAnswer]] = defaultdict(list)
    for kind, name, date, uri, answer, words, until, by in rows_of(labels, *_TOLD):
        if date not in number or (kind, name) not in place:
            continue
        night, told = (kind, name, date), NightAnswer(answer, words or "", until or "", by or "")
        if uri is None:
            own[night] = told
        elif answer == "normal":
            normal[night].append(told)
        else:
            faults[night] = told
    whole = {
        (kind, name, date): answers[-1]
        for (kind, name, date), answers in normal.items()
        if 0 < clips[place[kind, name], number[date]] <= len(answers)
    }
    return whole | faults | own


def label_columns(answers: Sequence[NightAnswer | None]) -> dict[str, list[str | None]]:
    """The columns of ALARMS that tell the answers of people."""
    fields = {"label": "answer", "label_words": "words", "label_until": "until", "labelled_by": "labelled_by"}
    return {
        column: [None if one is None else getattr(one, field) or None for one in answers]
        for column, field in fields.items()
    }
