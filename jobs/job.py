"""What the commands that work on an archive share: from their common options to a recipe, a store and an engine."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.clips import listed_clips
from jobs.console import Talk
from jobs.options import (
    archive_options,
    engine_options,
    lock_option,
    only_run,
    open_engine,
    open_recipe,
    open_store_of,
    output_options,
    recipe_options,
    refuse_contradictions,
    store_option,
    together,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from asd_core.pipeline.engine import Engine
    from asd_core.recipe.recipe import Recipe
    from asd_core.store.store import Store


@dataclass(frozen=True)
class Job:
    """One command under way.

    Attributes:
        talk: open.
        recipe: with all options laid over it.
        store: where everything is kept.
        archive: as the user wrote it; None for what is stored.
        options: the remaining ones: of archive, engine and lock.
    """

    talk: Talk
    recipe: Recipe
    store: Store
    archive: str | None
    options: dict[str, Any]

    def clips(self) -> pa.Table:
        """The clips of the archive, or all that are stored where ARCHIVE is left out."""
        layout, pattern = self.options["layout"], self.options["pattern"]
        return listed_clips(self.talk, self.store, self.recipe, self.archive, layout, pattern)

    @contextmanager
    def engine(self, name: str, date: str | None = None) -> Iterator[Engine]:
        """The engine asked for, while this is the only run of that name on this recipe, archive and date."""
        lock = only_run(self.talk, self.store, self.options["no_wait"], name, self.recipe.key(), self.archive, date)
        with lock, open_engine(self.talk, self.options) as engine:
            yield engine


def on_archive(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that all of its kind have; it is called with a `Job` and its own options."""
    groups = (recipe_options, store_option, archive_options, engine_options, lock_option, output_options)
    return together(*groups)(_with_job(command))


def on_store(command: Callable[..., None]) -> Callable[..., None]:
    """As `on_archive`, for commands that work on what is stored and take no ARCHIVE."""
    return together(recipe_options, store_option, engine_options, lock_option, output_options)(_with_job(command))


def _with_job(command: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(command)
    def run(**options: Any) -> None:
        refuse_contradictions(options)
        own = {name: value for name, value in options.items() if name not in _SHARED}
        channel, archive = options.get("channel"), options.get("archive")
        recipe = open_recipe(options["recipe_name"], options["settings"], options["encoder_name"], channel)
        store = open_store_of(options["store_url"])
        with Talk(as_json=options["as_json"], quiet=options["quiet"]) as talk:
            command(Job(talk, recipe, store, archive, options), **own)

    return run


_SHARED = {
    *("archive", "layout", "pattern", "channel", "recipe_name", "settings", "encoder_name", "store_url", "no_wait"),
    *("local", "ray_address", "cpus", "cpus_per_worker", "gpus_per_encoder", "encoders", "decode", "as_json", "quiet"),
}
