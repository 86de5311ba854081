"""Past runs: listing them by their names, finding one, and the files that its record names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asd_core.errors import UsageError
from asd_core.runs.night_status import seconds_of
from asd_core.store.many_files import which_exist
from asd_core.store.run_records import RunEntry
from asd_core.store.store import Store

_MOST_LOOKED_AT = 1000  # files of a run: on S3 each is a request
_NAMED = 5  # runs that an error names
_BY_PATH = {"score_files": "scores", "caption_files": "captions", "choices": "choices"}


@dataclass(frozen=True)
class PastRun:
    """A committed run in a line.

    Attributes:
        run_id: name of its record.
        job: ``nightly``, ``fit``, ...
        key: of the recipe; "" where the job has none.
        first_date: of its recordings; "" where it has no dates.
        last_date: of its recordings.
        committed_at: ISO time.
        seconds: from its start to its commit; None where its record does not tell.
        counts: of its record.
    """

    run_id: str
    job: str
    key: str
    first_date: str
    last_date: str
    committed_at: str
    seconds: float | None
    counts: dict[str, Any]


def run_entries(
    store: Store, job: str | None = None, key: str | None = None, since: str | None = None, until: str | None = None
) -> list[RunEntry]:
    """Committed runs, the newest first, of a job, a KEY and some days of their commit (UTC) where given.

    No record is opened.
    """
    found = store.entries(None if job is None else (job,), key)
    kept = [
        entry
        for entry in found
        if (since is None or entry.committed_at[:10] >= since) and (until is None or entry.committed_at[:10] <= until)
    ]
    return kept[::-1]


def past_run(store: Store, entry: RunEntry) -> PastRun:
    """A committed run in a line, from its record."""
    record = store.record(entry)
    return PastRun(
        entry.run_id,
        entry.job,
        entry.key,
        entry.first_date,
        entry.last_date,
        entry.committed_at,
        seconds_of(record),
        dict(record.get("counts") or {}),
    )


def find_run(store: Store, begins: str) -> dict[str, Any]:
    """The record of the one run whose id, or the hash in it, begins so.

    Raises:
        UsageError: there is none, or there are several.
    """
    entries = {entry.run_id: entry for entry in store.entries()}
    if begins in entries:
        return store.record(entries[begins])
    found = [entry for name, entry in entries.items() if name.startswith(begins)]
    found = found or [entry for name, entry in entries.items() if name.rpartition("-")[2].startswith(begins)]
    if not found or not begins:
        raise UsageError(f"no run begins with {begins!r}: asd runs lists them")
    if len(found) > 1:
        named = ", ".join(sorted(entry.run_id for entry in found)[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise UsageError(f"{len(found)} runs begin with {begins!r}: {named}{more}; give more of it")
    return store.record(found[0])


def files_of(record: Mapping[str, Any]) -> dict[str, list[str]]:
    """Kind → the files that a run's record names: those that the run needs, or has made."""
    found: dict[str, list[str]] = {kind: sorted(record.get(name) or {}) for name, kind in _BY_PATH.items()}
    found["manifest"] = [record["clips"]] if record.get("clips") else []
    found["page"] = [record["page"]] if isinstance(record.get("page"), str) else []
    found["recipes"] = [path for path in record.get("recipes") or [] if isinstance(path, str)]
    scorers: Mapping[str, str] = record.get("scorers") or {}
    found["scorers"] = [f"{folder}/{version}/scorer.json" for folder, version in sorted(scorers.items())]
    return {kind: paths for kind, paths in found.items() if paths}


def gone_files(store: Store, record: Mapping[str, Any]) -> list[str] | None:
    """Files that a run's record names and that are gone; None where they are too many to be looked for."""
    paths = [path for group in files_of(record).values() for path in group]
    if len(paths) > _MOST_LOOKED_AT:
        return None
    return [path for path, there in zip(paths, which_exist(store.files, paths), strict=True) if not there]
