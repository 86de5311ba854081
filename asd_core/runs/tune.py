"""Searching for settings: one pass over the audio, the search, how sure it is, and what it came to."""

from __future__ import annotations

import functools
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.errors import AsdError
from asd_core.evaluation.objectives import objective_values
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.recipe import Recipe
from asd_core.runs.publish_search import publish
from asd_core.runs.records import commit, now, recipe_record
from asd_core.store.addresses import open_files
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.synthesis import Validation
from asd_core.tuning.batches import Batch, Outcome, Work, work_on
from asd_core.tuning.certainty import certainties
from asd_core.tuning.chosen import best_summary
from asd_core.tuning.gather.gather import gather, too_few
from asd_core.tuning.gather.machine_data import MachineData, check_reach, forget
from asd_core.tuning.outcome import scope_outcomes
from asd_core.tuning.request import Order, order_record, scopes_of, search_id
from asd_core.tuning.results import code_version, read_known
from asd_core.tuning.search import Search, search_here
from asd_core.tuning.space.proposals import Proposals, proposals

_EXAMPLES = 100  # clips left out that the report names

Runner = Callable[[Search, Work, Callable[[int, int], None]], float]
"""Finishes a search; returns the seconds until the first worker was at work (`cluster.tuning.search_on_tune`)."""


def run_here(search: Search, work: Work, told: Callable[[int, int], None]) -> float:
    """Finish a search in this process."""

    def on(batch: Batch) -> Outcome:
        return work_on(work, batch)

    search_here(search, on, told)
    return 0.0


def tune(
    store: Store,
    recipe: Recipe,
    clips: pa.Table,
    validations: Sequence[Validation],
    order: Order,
    engine: Engine,
    runner: Runner = run_here,
    progress: Progress = no_progress,
    left_out: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Search for the best settings of a recipe and publish them; a search that is complete does nothing again.

    Args:
        store: where everything is kept; every finished setting is committed there before the next is begun.
        recipe: over which settings are laid.
        clips: the manifest, rows of CLIPS.
        validations: of each machine, what settings are fitted to and judged on.
        order: what is asked for.
        engine: where audio is read.
        runner: where settings are evaluated.
        progress: called with (stage, done, total).
        left_out: machine → why there is nothing to judge it on.

    Returns:
        The run's record; ``already_complete`` says whether anything was done.

    Raises:
        UsageError: a space that the recipe or the clips do not allow.
        AsdError: no machine can be judged, or the work stopped; the same call goes on.
    """
    order.check(recipe)
    run_id = search_id(recipe, validations, order)
    if (record := _published(store, run_id)) is not None:
        return record
    judged, short = _judged(validations)
    check_reach(order.space, [_bank(one) for one in judged])
    started, clock, begin = now(), _Clock(), time.time()
    with _data_folder(store, order.data, run_id) as folder:
        gathered = gather(store, recipe, clips, judged, order.space.encoder_settings(), folder, engine, progress)
        machines, absent = gathered.machines, {**(left_out or {}), **short, **gathered.left_out}
        if not machines:
            reason = next(iter(absent.values()), "no machine has labelled clips")
            raise AsdError(f"no machine can be judged, the first for this: {reason}")
        check_reach(order.space, [(one.machine_type, one.machine_id, len(one.normal_domains)) for one in machines])
        clock.lap("gather")
        search, work = prepared(store, recipe, machines, order, engine.workers)
        waited = runner(search, work, lambda done, total: progress("evaluating settings", done, total))
        clock.lap("search")
        found = certainties(store.files.url, search.results, machines, order.objective, order.seed, engine.map)
        scopes = scope_outcomes(search.results, machines, found, order)
        clock.lap("certainty")
    unusable = [(clip.uri, clip.reason, clip.message) for clip in gathered.clips_left_out]
    unusable += [(clip.uri, clip.reason, clip.message) for one in validations for clip in one.rejected]
    left_out_clips = Counter(reason for _, reason, _ in unusable)
    if all(scope.best is None for scope in scopes):
        reasons = [error for scope in scopes for error in scope.errors.values()] or ["no machine has the figures"]
        raise AsdError(f"no setting could be evaluated, the first for this: {reasons[0]}")
    record = {
        "run_id": run_id,
        "job": "tune",
        "key": "",
        "recipe": recipe_record(recipe),
        "order": order_record(order),
        "dates": sorted(pc.unique(clips["date"]).to_pylist()),
        "counts": {
            "settings": max(len(scope.settings) for scope in scopes),
            "machines": len(machines),
            "machines_left_out": len(absent),
            "clips_left_out": sum(left_out_clips.values()),
            "clips_left_out_by_reason": dict(sorted(left_out_clips.items())),
            "decoded": gathered.decoded,
            "evaluated": search.evaluated,
            "failed": sum(len(scope.errors) for scope in scopes),
            "crashed": search.crashed,
        },
        "best": best_summary(scopes),
        "left_out": absent,
        "workers": engine.workers,
        "started_at": started,
    }
    names = [scope.names[machines[scope.scope.machines[0]].machine_type] for scope in search.results]
    examples = [(uri, f"{reason}: {message}") for uri, reason, message in unusable[:_EXAMPLES]]
    record |= publish(store, recipe, record, scopes, names, examples)
    clock.lap("report")
    record["seconds"] = {
        **clock.seconds,
        "gather_work": round(gathered.seconds, 3),
        "until_first_reader": round(max(0.0, gathered.began - begin), 3),
        "until_first_worker": round(waited, 3),
        "work": round(search.seconds, 3),
        "commit": round(search.commit_seconds, 3),
    }
    commit(store, record)
    return {**record, "already_complete": False}


def finished(store: Store, recipe: Recipe, validations: Sequence[Validation], order: Order) -> dict[str, Any] | None:
    """The record of the search, with ``already_complete``, where it was finished and what it published is there.

    Raises:
        UsageError: a space that the recipe or the clips do not allow.
    """
    order.check(recipe)
    return _published(store, search_id(recipe, validations, order))


def _published(store: Store, run_id: str) -> dict[str, Any] | None:
    record = store.run(run_id)
    if record is None or not all(store.files.exists(path) for path in (record["page"], *record["recipes"])):
        return None
    idle = {"evaluated": 0, "decoded": 0, "crashed": 0}
    return {**record, "counts": {**record["counts"], **idle}, "already_complete": True}


def prepared(
    store: Store, recipe: Recipe, machines: Sequence[MachineData], order: Order, workers: int
) -> tuple[Search, Work]:
    """The search over gathered machines, with what the store knows of them already, and what its workers need."""
    scopes = scopes_of(machines, order.per)

    def proposed(name: str) -> Proposals:
        return proposals(order.space, order.method, order.count, order.seed, name)

    # Without TPE every scope is asked for the same settings, which are kept once.
    shared = None if order.method == "tpe" else proposed("")
    search = Search(
        machines,
        recipe,
        scopes,
        [shared or proposed(scope.name) for scope in scopes],
        [read_known(store, machine.fingerprint) for machine in machines],
        functools.partial(objective_values, order.objective),
        code_version(),
        workers,
    )
    work = Work(store.files.url, tuple(machines), (recipe.name, recipe.settings))
    return search, work


def _judged(validations: Sequence[Validation]) -> tuple[list[Validation], dict[str, str]]:
    """Machines that settings can be judged on, as far as is known before anything is read, and why others are not."""
    kept, left_out = [], {}
    for one in validations:
        anomalous = sum(clip.is_anomalous for clip in one.clips)
        counts = (len(one.normals), len(one.clips) - anomalous, anomalous)
        if reason := too_few(*counts):
            left_out["{} {}".format(*_bank(one)[:2])] = reason
        else:
            kept.append(one)
    return kept, left_out


def _bank(validation: Validation) -> tuple[str, str, int]:
    """A machine's type, its id and how many normal clips it has, before any is read."""
    normals = validation.normals
    return normals["machine_type"][0].as_py(), normals["machine_id"][0].as_py(), len(normals)


class _Clock:
    """Seconds of one stage after the other."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, stage: str) -> None:
        last, self._last = self._last, time.monotonic()
        self.seconds[stage] = round(self._last - last, 3)


@contextmanager
def _data_folder(store: Store, given: str | None, run_id: str) -> Iterator[str]:
    """Place of gathered arrays: where the user says, or in the store until the search is over.

    A search that stops before its end leaves them for the same call to go on from.
    """
    if given is not None:
        yield open_files(given).url  # workers stand in folders of their own
        return
    folder = f"tuning/data/{run_id}"
    if isinstance(store.files, LocalFiles):
        yield store.files.address(folder)
        shutil.rmtree(store.files.root / folder, ignore_errors=True)
        with suppress(OSError):  # another search is under way
            (store.files.root / folder).parent.rmdir()
    else:
        yield store.files.uri(folder)
        for info in store.files.list(folder):
            store.files.delete(info.path)
        forget(store.files.uri(folder))
