"""Opening what commands need: recipe, store, engine and lock from the options that they share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import UsageError
from asd_core.store.without_pandas import keep_pandas_out
from jobs.cheap_checks import check_archive_options
from jobs.console import Talk, counts_text, too_few_text
from jobs.defaults import say_defaults
from jobs.engines import cpu_note, open_engine, prepare_engine
from jobs.nothing_scored import refuse_silence, refuse_unscored
from jobs.opened import open_both
from jobs.options import (
    archive_options,
    engine_options,
    generator_recipe_options,
    lock_option,
    metrics_option,
    names_of,
    output_options,
    recipe_options,
    store_option,
    together,
)
from jobs.run_metrics import RunMetrics

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
        options: all that the command was given.
        metrics: of the run.
    """

    talk: Talk
    recipe: Recipe
    store: Store
    options: dict[str, Any]
    metrics: RunMetrics

    def clips(self) -> pa.Table:
        """The clips of the archive, or all stored clips where ARCHIVE is left out."""
        archive, layout, pattern, ends = (self.options[name] for name in ("archive", "layout", "pattern", "night_ends"))
        return listed_clips(self.talk, self.store, self.recipe, archive, layout, pattern, ends)

    @contextmanager
    def engine(self, name: str, date: str | None = None, key: str | None = None) -> Iterator[Engine]:
        """The engine asked for, while this is the only run of that name on this recipe, archive and date.

        A run on no KEY of a recipe names what else it is about.
        """
        from asd_core.pipeline.measured_engine import MeasuredEngine
        from asd_core.store.addresses import open_files
        from asd_core.store.locks import lock_name, run_lock

        def waiting(holder: str) -> None:
            self.talk.say(f"waiting for {holder}, which is at the same run (--no-wait gives up instead)")

        archive = self.options.get("archive")
        archive = open_files(archive).url if archive else None
        lock = lock_name(name, self.recipe.key() if key is None else key, archive, date)
        work = " ".join(filter(None, [name, self.recipe.key() if key is None else key, date]))
        alone = run_lock(self.store.files, lock, wait=not self.options["no_wait"], waiting=waiting, work=work)
        opened = open_engine(self.talk.say, self.options, self.recipe.settings, on_ray=self.metrics.on_ray)
        with alone, opened as engine:
            if engine.device != "cpu" and (note := cpu_note(self.recipe)):
                self.talk.say(note)
            yield MeasuredEngine(engine, self.metrics.counts)

    def result(self, record: dict[str, Any], *lines: str, notes: Sequence[str] = (), **more: Any) -> None:
        """Print the counts of a run, what must be known of its recipe and of itself, then these lines or fields."""
        self.metrics.finished(record)
        counts, notes = record["counts"], [*self.recipe.notes(), *record.get("notes", ()), *notes]
        summary = {**counts, "key": record["key"], "run_id": record["run_id"], **more, "notes": notes}
        summary["seconds"] = sum(record["seconds"].values())
        few = record.get("too_few_normals", {})
        if few:
            summary["too_few_normals"] = few
        told = [*(f"note: {note}" for note in notes), *too_few_text(few)]
        self.talk.result(summary, "\n".join([counts_text(counts), *told, *lines]))

    def refuse_silence(self, clips: pa.Table, record: dict[str, Any]) -> None:
        """Raise AsdError where a scoring run gave not one score, with the command that mends it."""
        refuse_silence(self.store, self.recipe, self.options, clips, record)

    def refuse_unscored(self) -> None:
        """Raise AsdError where no night of the recipe is scored, with the command that mends it."""
        refuse_unscored(self.store, self.recipe, self.options)


def listed_clips(
    talk: Talk,
    store: Store,
    recipe: Recipe,
    archive: str | None,
    layout: str = "auto",
    pattern: str | None = None,
    night_ends: str | None = None,
) -> pa.Table:
    """The clips of an archive, or all stored clips where ARCHIVE is left out; says what was found."""
    from asd_core.clips.archive import list_archive
    from asd_core.clips.nights import checked_night_end
    from asd_core.clips.selection import notes_on_dates
    from asd_core.encoders.build import kind_of
    from asd_core.runs.embed import stored_clips

    if archive is not None and not kind_of(recipe.for_machine("").encoder.kind).is_from_audio:
        raise UsageError(f"recipe {recipe.name} takes imported embeddings: leave ARCHIVE out")
    ends = checked_night_end(night_ends) if night_ends is not None else None
    notes: list[str] = []
    if archive is None:
        clips = stored_clips(store, recipe)
        talk.say(f"{len(clips)} stored clips")
    else:
        listing = list_archive(archive, layout=layout, pattern=pattern, store=store.files, night_ends=ends)
        clips, notes = listing.clips, listing.notes()
        talk.say(f"{len(clips)} clips in {archive} {listing.remark()}")
    for note in [*notes, *notes_on_dates(clips)]:
        talk.say(f"note: {note}")
    return clips


def with_talk(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command ``--json`` and ``--quiet``; it is called with an open `Talk` and its own options."""

    @functools.wraps(command)
    def run(as_json: bool, quiet: bool, **options: Any) -> None:
        keep_pandas_out()
        with Talk(as_json=as_json, quiet=quiet) as talk:
            say_defaults(talk)
            command(talk, **options)

    return output_options(run)


def _with_job(
    *groups: Callable[[Any], Any], is_keyed: bool = True
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command these options; it is called with a `Job` and its own options.

    Args:
        groups: of options.
        is_keyed: its recipe has a KEY; one that is to be trained has none yet.
    """
    shared = names_of(together(*groups)) | {"archive"}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(**options: Any) -> None:
            own = {name: value for name, value in options.items() if name not in shared}
            with (
                Talk(as_json=options["as_json"], quiet=options["quiet"]) as talk,
                _metrics_of(talk, options) as metrics,
            ):
                if "engine" in options:
                    prepare_engine(options)
                keep_pandas_out()
                recipe, store = open_both(options, options.get("channel"))
                check_archive_options(recipe, options)
                say_defaults(talk)
                recipe = recipe_in(talk, store, recipe) if is_keyed else recipe
                talk.log.key = recipe.key() if is_keyed else ""
                metrics.of(recipe, talk.log.key)
                command(Job(talk, recipe, store, options, metrics), **own)

        return together(*groups)(run)

    return decorate


_at_work = together(engine_options, lock_option, metrics_option, output_options)

on_archive = _with_job(recipe_options, store_option, archive_options, _at_work)
"""For commands that work on an ARCHIVE, or on the stored clips."""

on_training = _with_job(recipe_options, store_option, archive_options, _at_work, is_keyed=False)
"""For commands that train what an ARCHIVE is embedded with later."""

on_generation = _with_job(generator_recipe_options, store_option, archive_options, _at_work)
"""For commands that generate clips for an ARCHIVE's machines."""

on_store = _with_job(recipe_options, store_option, _at_work)
"""For commands that work on the store and take no ARCHIVE."""

on_scores = _with_job(recipe_options, store_option, output_options)
"""For commands that only read scores, and open no engine."""


def _metrics_of(talk: Talk, options: Mapping[str, Any]) -> RunMetrics:
    command = click.get_current_context().command.name or ""
    return RunMetrics(command, options["recipe_name"], options.get("metrics_file"), talk.log)


def recipe_in(talk: Talk, store: Store, recipe: Recipe) -> Recipe:
    """The recipe under the KEY by which a store holds it; says where that is one of before."""
    from asd_core.pipeline.stored_keys import as_stored

    stored = as_stored(store, recipe)
    if stored.key() != recipe.key():
        talk.say(f"note: the store holds this recipe's scorers as {stored.key()}, from before its threshold was edited")
    return stored
