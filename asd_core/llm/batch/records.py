"""Records in a store of batches that are under way.

batches/<token>.json    a batch: which requests it holds, written before it is created
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from asd_core.errors import AsdError
from asd_core.llm.cleaning import read_json
from asd_core.store.files import Files


@dataclass(frozen=True)
class BatchRecord:
    """One batch.

    Attributes:
        token: in its metadata.
        llm: `asd_core.llm.settings.LlmSettings.name`.
        request_ids: that it holds.
        at: when it was about to be created, in seconds since the epoch.
        batch_id: once it is known.
        parameters: that its requests were sent with, beside model and messages.
    """

    token: str
    llm: str
    request_ids: tuple[str, ...]
    at: float
    batch_id: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Its file in the store."""
        return f"batches/{self.token}.json"


def records_of(files: Files, llm: str) -> list[BatchRecord]:
    """The batches of one LLM that are not collected yet.

    Args:
        files: of the store.
        llm: `asd_core.llm.settings.LlmSettings.name`.

    Raises:
        AsdError: a record is broken.
    """
    records = [_read(files, info.path) for info in files.list("batches")]
    return [record for record in records if record.llm == llm]


def write_record(files: Files, record: BatchRecord) -> BatchRecord:
    """Write a record down, in the place of what was known of it before."""
    files.write(record.path, json.dumps(asdict(record)).encode())
    return record


def _read(files: Files, path: str) -> BatchRecord:
    try:
        value: Any = read_json(files.read(path))
        record = BatchRecord(
            **{**value, "request_ids": tuple(map(str, value["request_ids"])), "at": float(value["at"])}
        )
        if files.address(record.path) != files.address(path) or not isinstance(record.parameters, dict):
            raise ValueError("it is another's")
        return record
    except (ValueError, TypeError, KeyError) as error:
        raise AsdError(
            f"{files.address(path)} is broken: {error!r}; see in the account which batches are under way, "
            "then remove it"
        ) from error
