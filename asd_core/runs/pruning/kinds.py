"""Kinds of things that a prune removes, and how old they are at least."""

from __future__ import annotations

from datetime import timedelta

USUAL = {
    "reports": "pages of old nights, with their media",
    "scorers": "superseded scorers that no run needs",
    "searches": "searches that never ended",
    "trainings": "trainings and generations that never ended",
    "unfinished": "files of runs without a record",
    "parts": "parts of files of killed runs",
}
"""Kinds that are removed where none is named, in words."""

BY_NAME = {
    "media": "sounds and pictures of old pages that stay",
    "embeddings": "embeddings of old nights that no scorer learnt",
    "caption-evidence": "measurements of clips of old nights",
}
"""Kinds that are removed only where they are named: they may be wanted, or cost reading audio again."""

LEAST = timedelta(days=1)
"""Shortest age of things that are removed: no run that is at work writes or reads them any more."""
