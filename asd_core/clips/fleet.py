"""The folders of a fleet: ``machine_type=fan/machine_id=07/date=2026-11-19/anything.wav``.

Folders may come in any order, with others between them; values are percent-decoded. ``split``, ``domain``,
``condition`` and ``attributes`` keep their meaning, any other key goes to ``extra``. A time in the file's name, such as
``20261119T031500``, is the time of the recording, and gives the date where no folder does.
"""

from __future__ import annotations

import json
import urllib.parse
from functools import lru_cache

from asd_core.clips.clip import DOMAINS, SPLITS, UNDATED, UNPLACED, Placement
from asd_core.clips.conditions import condition_of
from asd_core.clips.dates import parse_date, recorded_at_in

EXAMPLE = "machine_type=fan/machine_id=07/date=2026-11-19/20261119T031500.wav"


def place(path: str) -> Placement:
    """The placement of a path; unplaced without a machine type, or with a value that its key does not allow."""
    folder, _, name = path.rpartition("/")
    placement = _folder(folder)
    recorded_at = recorded_at_in(name)
    if recorded_at is None:
        return placement
    date = recorded_at.date().isoformat() if placement.date == UNDATED else placement.date
    return placement._replace(recorded_at=recorded_at, date=date)


@lru_cache(maxsize=65536)
def _folder(folder: str) -> Placement:
    values: dict[str, str] = {}
    for part in folder.split("/"):
        key, equals, value = part.partition("=")
        if key and equals:
            values[key] = urllib.parse.unquote(value)
    machine_type = values.pop("machine_type", UNPLACED) or UNPLACED
    machine_id = values.pop("machine_id", "00") or UNPLACED
    split, domain = values.pop("split", ""), values.pop("domain", "")
    condition = condition_of(values.pop("condition", ""))
    day = values.pop("date", UNDATED)
    date = UNDATED if day == UNDATED else parse_date(day)
    attributes = values.pop("attributes", "")
    extra = json.dumps(values, ensure_ascii=False) if values else "{}"
    if split not in SPLITS or domain not in DOMAINS or condition is None or date is None or machine_type == UNPLACED:
        return Placement(machine_type, UNPLACED, date=date or UNDATED, attributes=attributes, extra=extra)
    return Placement(machine_type, machine_id, split, domain, attributes, condition, date, None, extra)
