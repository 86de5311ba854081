"""First-shot: generated clips choose r, real normal clips are fitted to, real clips are scored (Zhang et al.).

A composition of other runs, each of which goes on where it was stopped. The record is written last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.selection import clips_to_score
from asd_core.clips.splits import by_split
from asd_core.errors import AsdError
from asd_core.pages.first_shot.page import write_first_shot_page
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.recipe import Recipe
from asd_core.runs.fit import fit
from asd_core.runs.named_recipes import check_free, keep_recipe, named_recipe
from asd_core.runs.nightly import nightly
from asd_core.runs.records import commit, now, recipe_record, run_id_of
from asd_core.runs.score import score
from asd_core.runs.tune import Runner, run_here, tune
from asd_core.store.layout import safe_name
from asd_core.store.store import Store
from asd_core.tuning.chosen_r import FIELD, chosen_r
from asd_core.tuning.first_shot_tables import CUT_OUT, KEPT, Searches, tables
from asd_core.tuning.heard_notes import heard_notes
from asd_core.tuning.request import SearchRequest, request_record
from asd_core.tuning.space.setting import with_best
from asd_core.tuning.space.space import Space
from asd_core.tuning.validations import Validations, generated_validations, labelled_validations

OBJECTIVE = "twfr-sum"
"""E of eq. 6."""


@dataclass(frozen=True)
class Targets:
    """The target machines' clips.

    Attributes:
        clips: rows of CLIPS of the target machine types, all that the archive has.
        normals: those to fit to.
        generated: rows of CLIPS of the generated clips.
        place: address of the generated clips.
        notes: what must be known of them.
        synthesis: record of the run that made them; None for clips from elsewhere.
    """

    clips: pa.Table
    normals: pa.Table
    generated: pa.Table
    place: str
    notes: tuple[str, ...] = ()
    synthesis: Mapping[str, Any] | None = None

    @property
    def machine_types(self) -> list[str]:
        """Machine types of the normal clips, sorted."""
        return sorted(pc.unique(self.normals["machine_type"]).to_pylist())

    @property
    def have_labels(self) -> bool:
        """True where both conditions are known among the clips to score that are not fitted to."""
        scored = by_split(self.clips)
        others = scored.filter(pc.invert(pc.is_in(scored["clip_id"], self.normals["clip_id"].combine_chunks())))
        return {"normal", "anomalous"} <= set(pc.unique(others["condition"]).to_pylist())


def first_shot(
    store: Store,
    recipe: Recipe,
    name: str,
    targets: Targets,
    space: Space,
    engine: Engine,
    runner: Runner = run_here,
    progress: Progress = no_progress,
    say: Callable[[str], None] = lambda line: None,
    *,
    keeps_silence: bool = False,
    seed: int = 0,
) -> dict[str, Any]:
    """Choose r for each target machine type on generated clips, fit, score, and report tables 4 to 6 of the paper.

    Labels of real clips fill the tables, where they are known, and choose nothing.

    Args:
        store: keeps everything; also the recipe with the chosen r, by ``name``.
        recipe: that is searched from.
        name: of the run and of its recipe.
        targets: the clips.
        space: values of r.
        engine: where the work is done.
        runner: evaluates settings.
        progress: called with (stage, done, total).
        say: told a line of each step.
        keeps_silence: the silence of generated clips is not cut out where r is chosen.
        seed: of the comparison of the best settings.

    Returns:
        The record; ``already_complete`` is true where nothing was left to do.

    Raises:
        UsageError: a name that is taken, or a space or clips that do not allow it.
        AsdError: no machine can be judged, or the captions of a night failed.
    """
    silence = KEPT if keeps_silence else CUT_OUT
    request = SearchRequest(space, objective=OBJECTIVE, validation="generated", seed=seed)
    request.check(recipe)
    run_id = _run_id(recipe, name, targets, request, silence)
    if (done := store.run(run_id)) is not None and store.files.exists(done["page"]):
        return {**done, "counts": done["counts"] | {"evaluated": 0}, "already_complete": True}
    check_free(store, name, named_recipe(store, name))
    started, reached = now(), {"begin": time.monotonic()}
    searches = _searches(store, recipe, targets, request, engine, runner, progress, say)
    reached["search"] = time.monotonic()
    chosen = chosen_r(store, searches.with_silence(silence))
    tuned = Recipe(name, with_best(recipe, {kind: {FIELD: r} for kind, r in chosen.items()}).settings)
    check_free(store, name, tuned)
    say("fitting to the real normal clips")
    fitted, _ = fit(store, tuned, targets.normals, engine, progress)
    reached["fit"] = time.monotonic()
    say("scoring the real clips")
    scored, pages = _scored(store, tuned, targets, engine, progress)
    reached["score"] = time.monotonic()
    keep_recipe(store, tuned)
    ends = [*reached.items()]
    record = {
        "run_id": run_id,
        "job": "first-shot",
        "key": tuned.key(),
        "name": name,
        "recipe": recipe_record(tuned),
        "searched_from": recipe_record(recipe),
        "order": request_record(request),
        "targets": targets.machine_types,
        "generated": targets.place,
        "silence": silence,
        "r": chosen,
        "tables": tables(store, recipe, searches, silence),
        "runs": {
            **({} if targets.synthesis is None else {"synthesize": targets.synthesis["run_id"]}),
            **{f"search, silence {kept}": searches.with_silence(kept)["run_id"] for kept in (CUT_OUT, KEPT)},
            **({} if searches.real is None else {"search, real labels": searches.real["run_id"]}),
            "fit": fitted["run_id"],
            **({} if scored is None else {scored["job"]: scored["run_id"]}),
        },
        "dates": sorted(pc.unique(targets.clips["date"]).to_pylist()),
        "counts": _counts(targets, searches, fitted, scored),
        "left_out": dict(searches.with_silence(silence)["left_out"]),
        "searches": {kept: searches.with_silence(kept)["page"] for kept in (CUT_OUT, KEPT)},
        "listening": None if targets.synthesis is None else targets.synthesis["page"],
        "reports": pages,
        "notes": [*targets.notes, *tuned.notes(), *(_heard(store, targets) if searches.real else [_NO_LABELS])],
        "seconds": {stage: round(end - ends[i][1], 3) for i, (stage, end) in enumerate(ends[1:])},
        "started_at": started,
    }
    folder = f"reports/first-shot/{safe_name(name)}/{run_id.rpartition('-')[2]}"
    record["page"] = write_first_shot_page(record, store.files, folder)
    commit(store, record, targets.clips)
    return {**record, "already_complete": False}


_NO_LABELS = "the conditions of the targets' test clips are not known: the tables show the chosen r and no figures"


def _heard(store: Store, targets: Targets) -> list[str]:
    """A line on each generator that heard some of the labelled clips that the tables' figures rest on."""
    return heard_notes(store.files, labelled_validations(targets.normals, by_split(targets.clips))[0])


def _run_id(recipe: Recipe, name: str, targets: Targets, request: SearchRequest, silence: str) -> str:
    made = sorted(targets.generated["clip_id"].to_pylist())
    normals = sorted(targets.normals["clip_id"].to_pylist())
    asked = {**request_record(request), "silence": silence}
    return run_id_of("first-shot", targets.clips, name, [recipe.resolved(), made, normals, asked], {})


def _searches(
    store: Store,
    recipe: Recipe,
    targets: Targets,
    request: SearchRequest,
    engine: Engine,
    runner: Runner,
    progress: Progress,
    say: Callable[[str], None],
) -> Searches:
    def search(validations: Validations, judged: str, notes: tuple[str, ...] = ()) -> dict[str, Any]:
        own = SearchRequest(request.space, objective=OBJECTIVE, validation=judged, seed=request.seed)
        found, left_out = validations
        return tune(store, recipe, targets.clips, found, own, engine, runner, progress, left_out, notes)

    on_made = {}
    for kept in (CUT_OUT, KEPT):
        say(f"searching r on generated clips, silence {kept}")
        validations = generated_validations(targets.normals, targets.generated, keeps_silence=kept == KEPT)
        on_made[kept] = search(validations, "generated", targets.notes)
    real = None
    if targets.have_labels:
        say("searching r on real labels, for comparison alone")
        real = search(labelled_validations(targets.normals, by_split(targets.clips)), "real")
    return Searches(on_made[CUT_OUT], on_made[KEPT], real)


def _scored(
    store: Store, recipe: Recipe, targets: Targets, engine: Engine, progress: Progress
) -> tuple[dict[str, Any] | None, list[str]]:
    """The record of scoring the latest night, or the test clips where none has a date, and its pages."""
    if not len(by_split(targets.clips)):
        return None, []
    clips, night = clips_to_score(targets.clips, latest=True)
    if night is None:
        return score(store, recipe, clips, engine, progress), []
    done = nightly(store, recipe, clips, engine, progress)
    if done.failure is not None:
        raise done.failure
    return done.record, done.reports


def _counts(
    targets: Targets, searches: Searches, fitted: Mapping[str, Any], scored: Mapping[str, Any] | None
) -> dict[str, int]:
    searched = [one for one in (searches.cut_out, searches.kept, searches.real) if one is not None]
    if not fitted["counts"]["fitted"]:
        raise AsdError(
            f"no machine could be fitted, the first for this: {next(iter(fitted['failed_machines'].values()))}"
        )
    return {
        "generated": len(targets.generated),
        "normals": len(targets.normals),
        "settings": searches.cut_out["counts"]["settings"],
        "evaluated": sum(one["counts"]["evaluated"] for one in searched),
        "machines": fitted["counts"]["machines"],
        "fitted": fitted["counts"]["fitted"],
        **{name: 0 if scored is None else scored["counts"][name] for name in ("listed", "scored", "errors", "flagged")},
    }
