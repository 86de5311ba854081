"""All that the run records of a store name, so that nothing of it is removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asd_core.store.store import Store

_BY_PATH = ("score_files", "caption_files", "choices")


@dataclass
class Named:
    """Names in the run records of a store.

    A fit's record says which scorers it made. It needs none of them, so none counts as named for it alone. Those that a
    scoring run or any other job names do, and those that an update grew from: it compares later nights with them.

    Attributes:
        run_ids: of all records.
        paths: files that any record names.
        scorers: ``<folder>/<version>`` of the scorers that another job than a fit names, or an update needs.
        fits: scorer folder → (time of the commit, version) of each fit that names it, the oldest first.
        fit_manifests: ``<folder>/<version>`` → paths of the manifests of the fits that made it.
        ensembles: KEYs of ensembles.
        updated: KEYs whose banks have grown.
    """

    run_ids: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    scorers: set[str] = field(default_factory=set)
    fits: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    fit_manifests: dict[str, list[str]] = field(default_factory=dict)
    _fitted: dict[str, str] = field(default_factory=dict)  # scorer folder → version of the last fit that is no update
    ensembles: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)

    @classmethod
    def in_records(cls, store: Store) -> Named:
        """Read every run record of a store, once."""
        found = cls()
        for entry, record in store.each_record(store.entries()):
            found.run_ids.add(entry.run_id)
            found._add(record, entry.committed_at)
        return found

    def _add(self, record: Mapping[str, Any], committed_at: str) -> None:
        for name in _BY_PATH:
            self.paths.update(record.get(name) or ())
        self.paths.update(path for path in record.get("recipes") or () if isinstance(path, str))
        self.paths.update(path for path in (record.get("clips"), record.get("page")) if isinstance(path, str))
        scorers: Mapping[str, str] = record.get("scorers") or {}
        if record["job"] != "fit":
            self.scorers.update(f"{folder}/{version}" for folder, version in scorers.items())
            return
        if "update" in record:
            self.updated.add(str(record.get("key")))
        for folder, version in scorers.items():
            if "update" not in record:
                self._fitted[folder] = version
            elif folder in self._fitted:
                self.scorers.add(f"{folder}/{self._fitted[folder]}")
            self.fits.setdefault(folder, []).append((committed_at, version))
            if record.get("clips"):
                self.fit_manifests.setdefault(f"{folder}/{version}", []).append(record["clips"])
        recipe = record.get("recipe")
        settings = recipe.get("settings") if isinstance(recipe, dict) else None
        if isinstance(settings, dict) and "ensemble" in settings:
            self.ensembles.add(str(record.get("key")))
