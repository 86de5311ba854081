"""Machine sound: score every recording of a fleet, flag what sounds wrong, say how it differs. No Ray, no click.

What a notebook or a script needs is here, by name; everything is imported when it is first used:

    >>> import asd_core as asd
    >>> clips = asd.list_clips("recordings")
    >>> nights = sorted(set(clips["date"].to_pylist()))
    >>> fitted = asd.fit("store", "twfr-knn", asd.select(clips, until=nights[-2]))
    >>> rows = asd.score("store", "twfr-knn", asd.select(clips, date=nights[-1]))
    >>> sorted(rows.to_pandas().groupby("machine_type")["uri"].count().items())
    [('fan', 5), ('pump', 5)]

Every table is an Arrow table with the columns that docs/tables.md lists; ``.to_pandas()`` makes a data frame of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asd_core.clips.selection import select as select
    from asd_core.errors import AsdError as AsdError
    from asd_core.errors import UsageError as UsageError
    from asd_core.notebook.results import nearest_clips as nearest_clips
    from asd_core.notebook.results import read_captions as read_captions
    from asd_core.notebook.results import read_scores as read_scores
    from asd_core.notebook.work import embed as embed
    from asd_core.notebook.work import evaluate as evaluate
    from asd_core.notebook.work import fit as fit
    from asd_core.notebook.work import list_clips as list_clips
    from asd_core.notebook.work import nightly as nightly
    from asd_core.notebook.work import score as score
    from asd_core.pipeline.engine import LocalEngine as LocalEngine
    from asd_core.recipe.recipe import Recipe as Recipe
    from asd_core.recipe.recipe import load_recipe as load_recipe
    from asd_core.store.store import Store as Store
    from asd_core.store.store import open_store as open_store

# Imported by name and late: a worker that decodes clips must not load what a notebook needs.
_HOMES = {
    "asd_core.clips.selection": ("select",),
    "asd_core.errors": ("AsdError", "UsageError"),
    "asd_core.notebook.results": ("nearest_clips", "read_captions", "read_scores"),
    "asd_core.notebook.work": ("embed", "evaluate", "fit", "list_clips", "nightly", "score"),
    "asd_core.pipeline.engine": ("LocalEngine",),
    "asd_core.recipe.recipe": ("Recipe", "load_recipe"),
    "asd_core.store.store": ("Store", "open_store"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'asd_core' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return list(__all__)
