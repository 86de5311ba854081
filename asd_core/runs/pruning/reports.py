"""Pages of past nights, with their sounds and pictures."""

from __future__ import annotations

from asd_core.clips.clip import UNDATED
from asd_core.runs.pruning.prunable import Limit, Prunable
from asd_core.store.files import FileInfo
from asd_core.store.layout import words_of
from asd_core.store.store import Store

PAGE = "index.html"
_NIGHT = "date="
_WRITERS = ("score", "nightly", "caption")  # jobs after which a page is written anew


def report_folders(store: Store) -> dict[str, list[FileInfo]]:
    """Folder of a night's report → its files, of all KEYs."""
    found: dict[str, list[FileInfo]] = {}
    for info in store.files.list("reports"):
        parts = info.path.split("/")
        if len(parts) >= 4 and parts[2].startswith(_NIGHT):
            found.setdefault("/".join(parts[:3]), []).append(info)
    return found


def night_of(folder: str) -> tuple[str, str]:
    """KEY and date of a report's folder."""
    _, key, night = folder.split("/")
    return key, "".join(words_of(night.removeprefix(_NIGHT)))


def old_reports(store: Store, found: dict[str, list[FileInfo]], limit: Limit) -> list[Prunable]:
    """Reports of nights that are old, and of which no run was committed since.

    Clips without a date are old by the last run that scored or explained them.

    Args:
        store: where they are.
        found: all reports, see `report_folders`.
        limit: from when on one is old.
    """
    last = _last_commits(store)
    return [
        Prunable(
            folder,
            tuple(info for info in files if info.path == f"{folder}/{PAGE}"),
            tuple(info for info in files if info.path != f"{folder}/{PAGE}"),
        )
        for folder, files in sorted(found.items())
        if _is_old(*night_of(folder), files, last, limit)
    ]


def _is_old(key: str, date: str, files: list[FileInfo], last: dict[tuple[str, str], str], limit: Limit) -> bool:
    if date != UNDATED and not limit.is_old_date(date):
        return False
    committed_at = last.get((key, date))
    return limit.are_old_files(files) if committed_at is None else limit.is_old_time(committed_at)


def _last_commits(store: Store) -> dict[tuple[str, str], str]:
    """KEY and date → when the last run was committed that its report tells of."""
    found: dict[tuple[str, str], str] = {}
    for entry in store.entries(_WRITERS):  # the oldest first
        for date in store.dates_of(entry):
            found[entry.key, date] = entry.committed_at
    return found
