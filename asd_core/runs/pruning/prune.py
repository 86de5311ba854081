"""Finding what a store needs no more, and removing it.

Nothing goes that a run record names, but for scorers that only the fits name which made them. Labels, run records,
scores, alarms, evidence, and what was asked of a language model are never looked at. Links to a page go before the
page, the file by which others find a thing before its other files. So whoever reads meanwhile finds a whole thing or
none, and the next prune finishes one that was killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asd_core.digest import content_hash
from asd_core.pages.night.removed_media import without_media
from asd_core.pipeline.engine import Progress, no_progress
from asd_core.runs.pruning.abandoned import abandoned_searches, abandoned_trainings, uncommitted_files
from asd_core.runs.pruning.caption_evidence import old_caption_evidence
from asd_core.runs.pruning.embeddings import OldEmbeddings, old_embeddings
from asd_core.runs.pruning.kinds import LEAST, USUAL
from asd_core.runs.pruning.links import take_links_off
from asd_core.runs.pruning.named import Named
from asd_core.runs.pruning.prunable import Limit, Prunable
from asd_core.runs.pruning.reports import PAGE, old_reports, report_folders
from asd_core.runs.pruning.scorers import Versions, stored_versions, superseded_scorers
from asd_core.runs.records import commit
from asd_core.runs.records import now as time_now
from asd_core.store.store import Store

_AT_ONCE = 1000  # files of a batch
_NAMED = 10_000  # things of a kind that the record names


@dataclass
class PrunePlan:
    """Things that may be removed.

    Attributes:
        limit: from when on they are old.
        things: kind → things, of the kinds asked for.
        superseded_kept: superseded versions of scorers that stay, because something needs them.
        embeddings: what is to be done to the index of embeddings.
        pages: folders of all reports with a page.
    """

    limit: Limit
    things: dict[str, list[Prunable]] = field(default_factory=dict)
    superseded_kept: int = 0
    embeddings: OldEmbeddings = field(default_factory=OldEmbeddings)
    pages: set[str] = field(default_factory=set)

    def counts(self) -> dict[str, dict[str, int]]:
        """Kind → ``things``, ``files`` and ``bytes``."""
        return {
            kind: {
                "things": len(found),
                "files": sum(len(one.files) for one in found),
                "bytes": sum(one.bytes for one in found),
            }
            for kind, found in self.things.items()
        }


def find_prunable(
    store: Store, older_than: timedelta, kinds: Collection[str] = tuple(USUAL), now: datetime | None = None
) -> PrunePlan:
    """Find what may be removed; nothing is changed.

    Args:
        store: to look at.
        older_than: least age, by dates of nights and times of commits, or by the clock of the place for files that
            neither tells.
        kinds: see `asd_core.runs.pruning.kinds`.
        now: the time; None for that of this computer.

    Raises:
        ValueError: the age is below `LEAST`.
        AsdError: a run record is broken: nothing is known to be unneeded then.
    """
    if older_than < LEAST:
        raise ValueError(f"{older_than} is below {LEAST}")
    plan, named = PrunePlan(Limit.of(older_than, now)), Named.in_records(store)
    limit = plan.limit
    reports = report_folders(store) if {"reports", "media"} & set(kinds) else {}
    versions = stored_versions(store) if {"scorers", "embeddings"} & set(kinds) else {}
    plan.pages = {folder for folder, files in reports.items() if any(one.path == f"{folder}/{PAGE}" for one in files)}
    find: dict[str, Callable[[], list[Prunable]]] = {
        "reports": lambda: old_reports(store, reports, limit),
        "media": lambda: _old_media(old_reports(store, reports, limit), plan.things.get("reports", [])),
        "scorers": lambda: superseded_scorers(store, versions, limit, named),
        "searches": lambda: abandoned_searches(store, limit, named),
        "trainings": lambda: abandoned_trainings(store, limit),
        "unfinished": lambda: uncommitted_files(store, limit, named),
        "caption-evidence": lambda: old_caption_evidence(store, limit),
        "embeddings": lambda: _embeddings(store, plan, named, versions),
        "parts": lambda: [Prunable(one.path, (one,)) for one in store.files.leftovers() if limit.are_old_files([one])],
    }
    for kind, found in find.items():
        if kind in kinds:
            plan.things[kind] = found()
    if "scorers" in kinds:
        plan.superseded_kept = sum(len(of) - 1 for of in versions.values()) - len(plan.things["scorers"])
    return plan


def _embeddings(store: Store, plan: PrunePlan, named: Named, versions: Versions) -> list[Prunable]:
    gone = {one.name for one in plan.things.get("scorers", [])}
    stay = {f"{folder}/{version}" for folder, of in versions.items() for version in of} - gone
    plan.embeddings = old_embeddings(store, plan.limit, named, stay)
    return plan.embeddings.things


def _old_media(old: Sequence[Prunable], removed: Sequence[Prunable]) -> list[Prunable]:
    """Sounds and pictures of old reports whose page stays."""
    whole = {one.name for one in removed}
    found = []
    for report in old:
        media = tuple(info for info in report.rest if info.path.startswith(f"{report.name}/media/"))
        if media and report.first and report.name not in whole:
            found.append(Prunable(report.name, (), media))
    return found


def prune(store: Store, plan: PrunePlan, progress: Progress = no_progress) -> dict[str, Any]:
    """Remove what was found, and commit a record that says so.

    Args:
        store: where the things are.
        plan: of `find_prunable`.
        progress: told (stage, done, total).

    Returns:
        The record; its ``counts`` say what was removed.
    """
    started, start = time_now(), time.monotonic()
    _prepare(store, plan)
    first = [info for found in plan.things.values() for one in found for info in one.first]
    rest = [info for found in plan.things.values() for one in found for info in one.rest]
    parts = {info.path for one in plan.things.get("parts", []) for info in one.files}
    paths = [info.path for info in (*first, *rest) if info.path not in parts]
    for done in range(0, len(paths), _AT_ONCE):
        store.files.delete_all(paths[done : done + _AT_ONCE])
        progress("removing files", min(done + _AT_ONCE, len(paths)), len(paths))
    if parts:
        store.files.remove_leftovers(_seconds_since(plan.limit))
    _take_report_links_off(store, plan)  # a night that ended meanwhile may have written a page of all nights
    counts = plan.counts()
    record = {
        "run_id": f"prune-{content_hash(f'{started} {counts}'.encode())[:24]}",
        "job": "prune",
        "key": "",
        "before": plan.limit.before.isoformat(timespec="seconds"),
        "counts": {name: sum(one[name] for one in counts.values()) for name in ("things", "files", "bytes")},
        "removed": counts,
        "names": {kind: [one.name for one in found[:_NAMED]] for kind, found in plan.things.items() if found},
        "seconds": {"prune": round(time.monotonic() - start, 3)},
        "started_at": started,
    }
    if first or rest:
        commit(store, record)
    return record


def _prepare(store: Store, plan: PrunePlan) -> None:
    """Change what stays, so that it names nothing that goes."""
    _take_report_links_off(store, plan)
    kept: list[Prunable] = []
    for one in plan.things.get("media", []):
        if _without_media(store, f"{one.name}/{PAGE}"):
            kept.append(one)
    if "media" in plan.things:
        plan.things["media"] = kept
    plan.embeddings.leave_index(store)


def _take_report_links_off(store: Store, plan: PrunePlan) -> None:
    if removed := [one.name for one in plan.things.get("reports", [])]:
        take_links_off(store, plan.pages, removed)


def _without_media(store: Store, path: str) -> bool:
    """Take the sounds and pictures off a page; False where it is not one that is known, whose media stay."""
    try:
        page = store.files.read(path)
    except FileNotFoundError:
        return True
    changed = without_media(page)
    if changed is not None and changed != page:
        store.files.write(path, changed)
    return changed is not None


def _seconds_since(limit: Limit) -> float:
    return max(time.time() - limit.before.timestamp(), LEAST.total_seconds())
