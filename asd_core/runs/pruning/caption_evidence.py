"""Measurements and single captions of clips of old nights: later captions make them again from the audio."""

from __future__ import annotations

from asd_core.clips.clip import UNDATED
from asd_core.runs.pruning.prunable import Limit, Prunable
from asd_core.store.layout import span_in
from asd_core.store.store import Store

_FOLDERS = ("measures", "tags", "clip_captions")


def old_caption_evidence(store: Store, limit: Limit) -> list[Prunable]:
    """Files of which every clip is of an old night."""
    found = []
    for info in (info for folder in _FOLDERS for info in store.files.list(folder)):
        span = span_in(info.path)
        if span is not None and UNDATED not in span and limit.is_old_date(span[1]):
            found.append(Prunable(info.path, (info,)))
    return found
