"""Nights, embeddings and questions of a store whose runs did not come to their end, as far as names tell it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from asd_core.store.layout import words_of
from asd_core.store.store import Store

PART = re.compile(r"(?P<run_id>.+)-[0-9]{5}(?:-[0-9a-f]+)?\.parquet")
"""The name of a part of scores."""


@dataclass(frozen=True, order=True)
class UnfinishedNight:
    """A night that a run has begun to score, without a record so far: it is under way, or was stopped.

    Attributes:
        key: of the recipe.
        date: of the night.
        run_id: of the run.
        parts: files of scores that it wrote.
    """

    key: str
    date: str
    run_id: str
    parts: int


@dataclass(frozen=True)
class Unfinished:
    """All that is not finished in a store.

    Attributes:
        nights: see `UnfinishedNight`.
        embedding: fingerprint of embeddings → runs that write shards of them, or broke while they did.
        requests: to a language model of which no answer is published.
        answers: of these, those that have come and are kept: they are paid for, and the next run publishes them.
        messages: that wait for their receivers; the next run that has any sends them.
    """

    nights: list[UnfinishedNight]
    embedding: dict[str, int]
    requests: int
    answers: int
    messages: int = 0


def unfinished(store: Store) -> Unfinished:
    """Find what is not finished; a listing of names a kind, and no file is opened."""
    committed = {entry.run_id for entry in store.entries()}
    files = store.files
    parts: Counter[tuple[str, str, str]] = Counter()
    for info in files.list("score_parts"):
        _, key, folder, name = info.path.split("/")[-4:]
        told = PART.fullmatch(name)
        if told and told["run_id"] not in committed:
            parts["".join(words_of(key)), "".join(words_of(folder.removeprefix("date="))), told["run_id"]] += 1
    names = {kind: {info.path.rpartition("/")[2] for info in files.list(kind)} for kind in ("intents", "answers")}
    return Unfinished(
        sorted(UnfinishedNight(*night, count) for night, count in parts.items()),
        _embedding(store),
        len(names["intents"] | names["answers"]),
        len(names["answers"]),
        sum(info.path.split("/")[2] == "pending" for info in files.list("messages") if info.path.count("/") > 2),
    )


def _embedding(store: Store) -> dict[str, int]:
    """Marks of runs that embed, of the fingerprints that recent records name: shards are not listed for it."""
    fingerprints: set[str] = set()
    for entry in store.entries(("nightly", "score", "fit", "embed"))[-_RECENT:]:
        fingerprints |= set(store.record(entry).get("fingerprints", {}).values())
    counts = {one: len(store.files.list(f"embeddings/{one}/unindexed")) for one in sorted(fingerprints)}
    return {one: count for one, count in counts.items() if count}


_RECENT = 4  # records that are opened for the names of their embeddings
