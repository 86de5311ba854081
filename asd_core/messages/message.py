"""A message as it is kept until its receiver has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from asd_core.messages.changes import Machine
from asd_core.settings import checked

VERSION = 1
"""Of the fields of a message; they are never renamed or taken away under one number."""

KINDS = ("alarm", "cleared", "digest", "night_failed", "night_missing", "night_recovered", "test", "alerts")


@dataclass(frozen=True)
class Message:
    """A message to one receiver.

    Attributes:
        kind: of KINDS; ``alerts`` is a list for Alertmanager.
        message_id: the same whenever the message is sent again.
        created_at: ISO time; messages are sent in its order.
        key: of the recipe.
        body: JSON values that are posted.
        machines: whose alarms it begins; they are told anew where the message is given up.
    """

    kind: str
    message_id: str
    created_at: str
    key: str
    body: Any
    machines: tuple[Machine, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)

    def to_bytes(self) -> bytes:
        """The file of the message."""
        return json.dumps(self.to_json()).encode()

    def age(self, now: datetime) -> timedelta:
        """Time since it was made."""
        return now - datetime.fromisoformat(self.created_at)


def message_of(value: Mapping[str, Any]) -> Message:
    """The message in JSON values.

    Raises:
        LookupError, TypeError, ValueError, AsdError: they are none.
    """
    words = {name: checked(value[name], str, name) for name in ("kind", "message_id", "created_at", "key")}
    datetime.fromisoformat(words["created_at"])
    return Message(**words, body=value["body"], machines=tuple((kind, name) for kind, name in value["machines"]))


def time_text(moment: datetime) -> str:
    """A moment as messages tell it: UTC, in ISO's form, microseconds always."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)
