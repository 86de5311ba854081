"""The file of what a receiver was told of a recipe's nights, and of the messages that are about to be kept for it.

Messages stand in this file before they have files of their own. So what was told and what is to be sent change at one
moment, however a run breaks off.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asd_core.digest import name_hash
from asd_core.messages.changes import Machine, ToldAlarm
from asd_core.messages.message import Message, message_of, time_text
from asd_core.store.broken_files import json_object, named_if_broken
from asd_core.store.files import Files
from asd_core.store.layout import told_path

_MEND = "remove it, and what holds now is told anew"


@dataclass
class Told:
    """Everything that a receiver knows of the nights of a recipe.

    Attributes:
        night: the newest that it was told of; "" for none.
        alarms: of machines, that it was told of and not told to be over.
        failed: mark of the failure that it was told of, and was not told to be over; "" for none.
        missing: mark of the missing night likewise.
        count: messages so far.
        last_at: when the newest of them was made, ISO time; "" for none.
        planned: messages that are about to have files of their own.
    """

    night: str = ""
    alarms: dict[Machine, ToldAlarm] = field(default_factory=dict)
    failed: str = ""
    missing: str = ""
    count: int = 0
    last_at: str = ""
    planned: list[Message] = field(default_factory=list)

    def message(
        self, place: str, kind: str, key: str, body: Any, created_at: str, machines: tuple[Machine, ...] = ()
    ) -> Message:
        """Plan a message, and give it.

        Args:
            place: address of the store: two stores never give the same id.
            kind: of the message.
            key: of the recipe.
            body: without an id and a time where it is an object, which gets both.
            created_at: the time; it becomes a microsecond after the message before where that is later.
            machines: whose alarms it begins.
        """
        self.count += 1
        self.last_at = max(created_at, _after(self.last_at)) if self.last_at else created_at
        named = json.dumps([body, [list(one) for one in machines]], sort_keys=True) if kind != "alerts" else ""
        message_id = name_hash(place, key, kind, self.night, str(self.count), named)
        if isinstance(body, dict):
            body = body | {"message_id": message_id, "created_at": self.last_at}
        self.planned.append(Message(kind, message_id, self.last_at, key, body, machines))
        return self.planned[-1]


def read_told(files: Files, receiver: str, key: str) -> Told:
    """Read what a receiver was told; nothing where it has no file.

    Raises:
        AsdError: the file is broken.
    """
    path = told_path(receiver, key)
    try:
        value = json_object(path, files.read(path), _MEND)
    except FileNotFoundError:
        return Told()
    with named_if_broken(path, _MEND):
        alarms = {(one["machine"][0], one["machine"][1]): ToldAlarm(**one["told"]) for one in value["alarms"]}
        words = {name: str(value[name]) for name in ("night", "failed", "missing", "last_at")}
        planned = [message_of(one) for one in value["planned"]]
        return Told(alarms=alarms, planned=planned, count=int(value["count"]), **words)


def write_told(files: Files, receiver: str, key: str, told: Told) -> None:
    """Write the file of what a receiver was told."""
    alarms = [{"machine": list(machine), "told": vars(alarm)} for machine, alarm in sorted(told.alarms.items())]
    value = {name: getattr(told, name) for name in ("night", "failed", "missing", "count", "last_at")}
    value |= {"alarms": alarms, "planned": [message.to_json() for message in told.planned]}
    files.write(told_path(receiver, key), json.dumps(value).encode())


def _after(moment: str) -> str:
    return time_text(datetime.fromisoformat(moment) + timedelta(microseconds=1))
