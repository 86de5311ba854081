"""The reducer of an ensemble: the clips of whole machines in, combined score rows out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asd_core.alarms.p_values import p_values, smallest_p
from asd_core.pipeline.embedded_rows import machines_of
from asd_core.pipeline.ensembles.combined_files import load_combined, load_members
from asd_core.pipeline.ensembles.combined_scorer import CombinedScorer, MemberScorer, combined
from asd_core.pipeline.ensembles.member_tasks import EnsembleTask
from asd_core.pipeline.ensembles.same_clips import places_of
from asd_core.pipeline.machine_tasks import ScoreOutcome
from asd_core.pipeline.reducer import MachineGroup, committed_rows, score_machine, without_scorer
from asd_core.pipeline.scorer_files import judgement_of, scorer_folder
from asd_core.pipeline.threads import one_thread
from asd_core.recipe.recipe import Recipe
from asd_core.store.tables import CLIPS, SCORES

_NOT_THERE = ("not_embedded", "it holds nothing of this clip: import it, or run asd embed")
_OF_MEMBER = tuple(name for name in SCORES.names if name not in CLIPS.names)


def score_ensembles(task: EnsembleTask) -> ScoreOutcome:
    """Score every machine of a group with an ensemble and commit the rows: one file a date."""
    group = MachineGroup(task.task)
    members = {name: MachineGroup(own) for name, own in task.members.items()}
    with one_thread():
        rows = [_score(group, members, *machine) for machine in machines_of(task.task.clips)]
    for member in members.values():
        group.lengths.extend(member.lengths)
    return committed_rows(group, pa.concat_tables(rows))


def _score(
    group: MachineGroup, members: Mapping[str, MachineGroup], machine_type: str, machine_id: str, clips: pa.Table
) -> pa.Table:
    """Rows of SCORES of one machine."""
    folder = scorer_folder(group.task.key, machine_type, machine_id)
    version, recipe = group.task.versions.get(folder), group.recipe
    scorer, loaded = None, dict[str, MemberScorer]()
    if version is not None:
        scorer = load_combined(group.store, folder, version, recipe.for_machine(machine_type).threshold)
        loaded = load_members(group.store, recipe, machine_type, machine_id, scorer.versions)
        if scorer.is_judged_anew:
            group.judged_anew[folder] = judgement_of(scorer)
    for name, member in loaded.items():
        own = members[name]
        own.scorers = {scorer_folder(own.task.key, machine_type, machine_id): (member.scorer, member.version)}
    found = {name: _rows_of_member(own, machine_type, machine_id, clips) for name, own in members.items()}
    if scorer is None or version is None:
        return _with_errors(clips, found, without_scorer(machine_type, machine_id))
    return combined_rows(recipe, scorer, loaded, version, clips, found)


def _rows_of_member(group: MachineGroup, machine_type: str, machine_id: str, clips: pa.Table) -> pa.Table:
    """A member's SCORES rows of the clips of one machine, in their order; a clip that it does not know is an error."""
    known = group.task.clips
    rows = score_machine(group, machine_type, machine_id, known.take(places_of(clips, known).drop_null()))
    places = places_of(clips, rows)
    unknown = places.is_null()
    columns = {name: clips[name] if name in CLIPS.names else rows[name].take(places) for name in SCORES.names}
    for name, text in zip(("error_reason", "error"), _NOT_THERE, strict=True):
        columns[name] = pc.if_else(unknown, pa.scalar(text), columns[name])
    return pa.table(columns).cast(SCORES)


def combined_rows(
    recipe: Recipe,
    scorer: CombinedScorer,
    members: Mapping[str, MemberScorer],
    version: str,
    clips: pa.Table,
    found: Mapping[str, pa.Table],
) -> pa.Table:
    """The members' rows as rows of the ensemble, rows of SCORES.

    The member that decides a clip gives its nearest normal clips, its segment and its level. A clip that one member
    cannot score is an error, which names the member: the mean of fewer members is another score.

    Args:
        recipe: of the ensemble.
        scorer: of the machine.
        members: member → scorer.
        version: of the ensemble's scorer.
        clips: M rows with the columns of CLIPS.
        found: member → rows of SCORES of these clips, in their order.
    """
    assert recipe.ensemble is not None
    is_good = np.logical_and.reduce([rows["error_reason"].is_null().to_numpy() for rows in found.values()])
    good = {name: rows.filter(pa.array(is_good)) for name, rows in found.items()}
    if not is_good.any():
        return _with_errors(clips, found, None)
    parts = {name: members[name].standardised(*_scores(rows)) for name, rows in good.items()}
    scores, deciding = combined(parts, recipe.ensemble.shares)
    by_member = np.stack(list(parts.values()), axis=1)
    order = list(good)
    chosen = pa.concat_tables(good.values()).take(
        [order.index(name) * len(scores) + place for place, name in enumerate(deciding)]
    )
    columns: dict[str, Any] = {name: chosen[name] for name in SCORES.names}
    columns |= {
        **{name: clips.filter(pa.array(is_good))[name] for name in CLIPS.names},
        "warning": _warnings(good),
        "anomaly_score": scores,
        "decision_threshold": np.full(len(scores), scorer.threshold),
        "is_flagged": scores > scorer.threshold,
        "p_value": p_values(scores, scorer.unseen),
        "scorer_version": [version] * len(scores),
        "p_floor": np.full(len(scores), smallest_p(len(scorer.unseen))),
        "decided_by": deciding,
        "member_scores": by_member.tolist(),
    }
    scored = pa.table(columns, schema=SCORES)
    failed = clips.filter(pa.array(~is_good))
    errors = _with_errors(failed, {name: rows.filter(pa.array(~is_good)) for name, rows in found.items()}, None)
    both = pa.concat_tables([scored, errors])
    return both.take(pc.index_in(clips["clip_id"], value_set=both["clip_id"].combine_chunks()))


def _scores(rows: pa.Table) -> tuple[Any, Any]:
    """Scores (M,), and numbers of segments (M,) or None."""
    counts = rows["segments"]
    segments = None if counts.null_count else counts.combine_chunks().to_numpy()
    return rows["anomaly_score"].combine_chunks().to_numpy(), segments


def _warnings(found: Mapping[str, pa.Table]) -> list[str | None]:
    """The warnings of all members of each clip, each said once."""
    by_clip = zip(*(rows["warning"].to_pylist() for rows in found.values()), strict=True)
    return ["; ".join(dict.fromkeys(filter(None, said))) or None for said in by_clip]


def _with_errors(clips: pa.Table, found: Mapping[str, pa.Table], machine: tuple[str, str] | None) -> pa.Table:
    """Rows of SCORES without scores: why the clip, its machine or the first member that failed has none."""
    first = next(iter(found.values()))
    columns: dict[str, Any] = {name: pa.nulls(len(clips), SCORES.field(name).type) for name in _OF_MEMBER}
    columns |= {name: clips[name] for name in CLIPS.names} | {name: first[name] for name in ("seconds", "level_db")}
    said = [_said(place, found, machine) for place in range(len(clips))]
    columns["warning"] = _warnings(found)
    columns["error_reason"], columns["error"] = ([one[part] for one in said] for part in (0, 1))
    return pa.table({name: columns[name] for name in SCORES.names}, schema=SCORES)


def _said(place: int, found: Mapping[str, pa.Table], machine: tuple[str, str] | None) -> tuple[str, str]:
    reasons = {
        name: (rows["error_reason"][place].as_py(), rows["error"][place].as_py()) for name, rows in found.items()
    }
    failed = {name: why for name, why in reasons.items() if why[0] is not None}
    if machine is not None and all(reason == "no_scorer" for reason, _ in failed.values()):
        return machine
    if len(set(failed.values())) == 1 and len(failed) == len(found):  # the clip itself
        return next(iter(failed.values()))
    reason = next(iter(failed.values()))[0]
    return reason, "; ".join(f"member {name}: {message}" for name, (_, message) in failed.items())
