"""Work that was begun and never ended: searches, trainings, generations, and files of runs without a record."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from asd_core.runs.pruning.named import Named
from asd_core.runs.pruning.prunable import Limit, Prunable
from asd_core.runs.unfinished import PART
from asd_core.store.files import FileInfo
from asd_core.store.store import Store

_UNDER_WAY = re.compile(r"((?:trained|generators|synthetic)/[^/]+/under_way/[^/]+)/.+")
_DATA = re.compile(r"(tuning/data/[^/]+)/.+")
_SEARCH = re.compile(r"(tuning/(?!data/|results/)([^/]+))/.+")


def abandoned_searches(store: Store, limit: Limit, named: Named) -> list[Prunable]:
    """Arrays that a search gathered, and pages of searches without a record. Results of settings are kept."""
    infos = store.files.list("tuning")
    pages = [info for info in infos if (told := _SEARCH.fullmatch(info.path)) and told[2] not in named.run_ids]
    return _old_folders(infos, _DATA, limit) + _old_folders(pages, _SEARCH, limit)


def abandoned_trainings(store: Store, limit: Limit) -> list[Prunable]:
    """Checkpoints of trainings, fine-tunings and generations that nobody went on with."""
    infos = [info for kind in ("trained", "generators", "synthetic") for info in store.files.list(kind)]
    return _old_folders(infos, _UNDER_WAY, limit)


def uncommitted_files(store: Store, limit: Limit, named: Named) -> list[Prunable]:
    """Scores, captions and manifests that runs wrote and no record names. Answers of language models are no such."""
    found = [
        info
        for folder, is_one in _WRITTEN.items()
        for info in store.files.list(folder)
        if is_one(info.path) and info.path not in named.paths and limit.are_old_files([info])
    ]
    return [Prunable(info.path, (info,)) for info in found]


def _is_part(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return folder.rpartition("/")[2].startswith("date=") and PART.fullmatch(name) is not None


def _is_table(path: str) -> bool:
    return path.endswith(".parquet")


_WRITTEN: dict[str, Callable[[str], bool]] = {
    "score_parts": _is_part,
    "scores": _is_part,  # of stores of before; files of nights have no folder of their date
    "captions": _is_table,
    "clips": _is_table,
}


def _old_folders(infos: Iterable[FileInfo], form: re.Pattern[str], limit: Limit) -> list[Prunable]:
    """Folders of a form whose files are all old."""
    folders: dict[str, list[FileInfo]] = {}
    for info in infos:
        if told := form.fullmatch(info.path):
            folders.setdefault(told[1], []).append(info)
    return [Prunable(name, tuple(files)) for name, files in sorted(folders.items()) if limit.are_old_files(files)]
