"""Searching for settings: one pass over the audio, the search, how sure it is, and what it came to."""

from __future__ import annotations

import functools
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.errors import AsdError
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.recipe import Recipe
from asd_core.runs.publish_search import publish
from asd_core.runs.records import commit, now, recipe_record
from asd_core.store.addresses import open_files
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.synthesis.validation import Validation
from asd_core.tuning.batches import BatchContext, evaluate_batch
from asd_core.tuning.best_settings import best_summary
from asd_core.tuning.compare_best import compare_best
from asd_core.tuning.gather.gather import gather, too_few
from asd_core.tuning.gather.machine_data import MachineData, remove_local_copy
from asd_core.tuning.heard_notes import heard_notes
from asd_core.tuning.outcome import scope_outcomes
from asd_core.tuning.request import SearchRequest, request_record, scopes_of, search_id
from asd_core.tuning.search import OnProgress, Search, search_here
from asd_core.tuning.space.check import check_enough_clips
from asd_core.tuning.space.proposals import Proposals, proposals
from asd_core.tuning.stored_results import code_version, read_known
from asd_core.tuning.validations import steps_of

_EXAMPLES = 100  # clips left out that the report names

Runner = Callable[[Search, BatchContext, OnProgress], float]
"""Finishes a search; returns the seconds until the first worker was at work (`cluster.tune_search.search_on_tune`)."""


def run_here(search: Search, context: BatchContext, on_progress: OnProgress) -> float:
    """Finish a search in this process."""
    search_here(search, functools.partial(evaluate_batch, context), on_progress)
    return 0.0


def tune(
    store: Store,
    recipe: Recipe,
    clips: pa.Table,
    validations: Sequence[Validation],
    request: SearchRequest,
    engine: Engine,
    runner: Runner = run_here,
    progress: Progress = no_progress,
    left_out: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Search for the best settings of a recipe and publish them; a finished search is not repeated.

    Args:
        store: keeps everything; every finished setting is committed there before the next begins.
        recipe: settings are laid over it.
        clips: the manifest, rows of CLIPS.
        validations: of each machine, the clips that settings are fitted to and judged on.
        request: the search.
        engine: reads the audio.
        runner: evaluates the settings.
        progress: called with (stage, done, total).
        left_out: machine → the reason why it cannot be judged.
        notes: reservations about the clips that settings are judged on, for the record and the page.

    Returns:
        The run's record; ``already_complete`` is true where nothing was left to do.

    Raises:
        UsageError: a space that the recipe or the clips do not allow.
        AsdError: no machine can be judged, or the work stopped; the same call goes on.
    """
    request.check(recipe)
    run_id = search_id(recipe, validations, request)
    if (record := _published(store, run_id)) is not None:
        return record
    heard = heard_notes(store.files, validations) if request.validation == "real" else []
    judged, short = _judged(validations)
    counts = [(one.machine_type, one.machine_id, len(one.normals)) for one in judged]
    check_enough_clips(request.space.dimensions, counts)
    started, begin, reached = now(), time.time(), {"begin": time.monotonic()}
    with _data_folder(store, request.data, run_id) as folder:
        gathered = gather(store, recipe, clips, judged, request.space.encoder_settings(), folder, engine, progress)
        machines, absent = gathered.machines, {**(left_out or {}), **short, **gathered.left_out}
        if not machines:
            reason = next(iter(absent.values()), "no machine has labelled clips")
            raise AsdError(f"no machine can be judged, the first for this: {reason}")
        counts = [(one.machine_type, one.machine_id, len(one.normal_domains)) for one in machines]
        check_enough_clips(request.space.dimensions, counts)
        reached["gather"] = time.monotonic()
        search, context = prepared(store, recipe, machines, request, engine.workers)
        waited = runner(search, context, lambda done, total: progress("evaluating settings", done, total))
        reached["search"] = time.monotonic()
        found = compare_best(store.files.url, search.results, machines, request.objective, request.seed, engine.map)
        scopes = scope_outcomes(search.results, machines, found, request)
        reached["certainty"] = time.monotonic()
    unusable = [*gathered.clips_left_out, *(clip for one in validations for clip in one.rejected)]
    left_out_clips = Counter(clip.reason for clip in unusable)
    if all(scope.best is None for scope in scopes):
        reasons = [error for scope in scopes for error in scope.errors.values()] or ["no machine has the figures"]
        raise AsdError(f"no setting could be evaluated, the first for this: {reasons[0]}")
    record = {
        "run_id": run_id,
        "job": "tune",
        "key": "",
        "recipe": recipe_record(recipe),
        "order": request_record(request),
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
        "data": [[one.machine_type, one.machine_id, one.fingerprint] for one in machines],
        "left_out": absent,
        **steps_of(validations),
        "notes": [*notes, *heard],
        "workers": engine.workers,
        "started_at": started,
    }
    setting_ids = [scope.setting_ids[machines[scope.scope.machines[0]].machine_type] for scope in search.results]
    examples = [(clip.uri, f"{clip.reason}: {clip.message}") for clip in unusable[:_EXAMPLES]]
    record |= publish(store, recipe, record, scopes, setting_ids, examples)
    reached["report"] = time.monotonic()
    record["seconds"] = {
        **{stage: round(end - start, 3) for (_, start), (stage, end) in pairwise(reached.items())},
        "gather_work": round(gathered.seconds, 3),
        "until_first_reader": round(max(0.0, gathered.began - begin), 3),
        "until_first_worker": round(waited, 3),
        "work": round(search.seconds, 3),
        "commit": round(search.commit_seconds, 3),
    }
    commit(store, record)
    return {**record, "already_complete": False}


def finished(
    store: Store, recipe: Recipe, validations: Sequence[Validation], request: SearchRequest
) -> dict[str, Any] | None:
    """The record of the search, with ``already_complete``, where it was finished and what it published is there.

    The request is one that `SearchRequest.check` takes.
    """
    return _published(store, search_id(recipe, validations, request))


def _published(store: Store, run_id: str) -> dict[str, Any] | None:
    record = store.run(run_id)
    if record is None or not all(store.files.exists(path) for path in (record["page"], *record["recipes"])):
        return None
    idle = {"evaluated": 0, "decoded": 0, "crashed": 0}
    return {**record, "counts": {**record["counts"], **idle}, "already_complete": True}


def prepared(
    store: Store, recipe: Recipe, machines: Sequence[MachineData], request: SearchRequest, workers: int
) -> tuple[Search, BatchContext]:
    """The search over gathered machines, with their results in the store, and the context of its batches."""
    scopes = scopes_of(machines, request.per)

    def proposed(name: str) -> Proposals:
        return proposals(request.space, request.method, request.count, request.seed, name)

    # Without TPE every scope is asked for the same settings, which are kept once.
    shared = None if request.method == "tpe" else proposed("")
    search = Search(
        machines,
        recipe,
        scopes,
        [shared or proposed(scope.name) for scope in scopes],
        [read_known(store, machine.fingerprint) for machine in machines],
        request.objective,
        code_version(),
        workers,
    )
    return search, BatchContext(store.files.url, tuple(machines), recipe)


def _judged(validations: Sequence[Validation]) -> tuple[list[Validation], dict[str, str]]:
    """The machines with enough clips before anything is read, and the reasons why the others are left out."""
    kept, left_out = [], {}
    for one in validations:
        anomalous = sum(clip.is_anomalous for clip in one.clips)
        counts = (len(one.normals), len(one.clips) - anomalous, anomalous)
        if reason := too_few(*counts):
            left_out[f"{one.machine_type} {one.machine_id}"] = reason
        else:
            kept.append(one)
    return kept, left_out


@contextmanager
def _data_folder(store: Store, given: str | None, run_id: str) -> Iterator[str]:
    """Folder of the gathered arrays: the user's, or one in the store until the search is over.

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
        remove_local_copy(store.files.uri(folder))
