"""Saving and loading combined scorers, beside the scorers of other recipes and in their form.

scorers/<KEY>/<machine_type>/<machine_id>/<version>/scorer.json    its members' versions, threshold, clips
scorers/<KEY>/<machine_type>/<machine_id>/<version>/<hash>.npz     its unseen scores
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold
from asd_core.errors import AsdError
from asd_core.pipeline.ensembles.combined_nights import combined_nights
from asd_core.pipeline.ensembles.combined_scorer import CombinedScorer, MemberScorer, combine, judged
from asd_core.pipeline.fitted_nights import nights_path, stored_nights
from asd_core.pipeline.left_out_nights import scores_without_clips
from asd_core.pipeline.scorer_files import as_npz, commit_scorer, judgement_of, load_scorer, scorer_folder
from asd_core.pipeline.scorer_versions import FIT_AGAIN
from asd_core.pipeline.stored_scorers import learnt_uris, stored_head, unchanged_file
from asd_core.recipe.recipe import Recipe
from asd_core.store.broken_files import named_if_broken
from asd_core.store.store import Store
from asd_core.store.tables import to_parquet


def combine_machine(
    store: Store, recipe: Recipe, machine_type: str, machine_id: str, versions: Mapping[str, str]
) -> tuple[CombinedScorer, str, bool]:
    """Make and commit the combined scorer of one machine from its members' scorers.

    Args:
        store: where scorers are.
        recipe: of the ensemble.
        machine_type: whose.
        machine_id: whose.
        versions: member → version of its scorer.

    Returns:
        The scorer, its version, and whether it is new.

    Raises:
        AsdError: a member without a scorer, or members that cannot be combined.
    """
    assert recipe.ensemble is not None
    members = load_members(store, recipe, machine_type, machine_id, versions)
    scorer = combine(recipe.ensemble, members, recipe.for_machine(machine_type).threshold)
    learnt: dict[str, None] = {}
    for name, member in recipe.members.items():
        folder = scorer_folder(member.key(), machine_type, machine_id)
        learnt |= dict.fromkeys(learnt_uris(stored_head(store, folder, versions[name])))
    first = recipe.for_machine(machine_type)
    head: dict[str, Any] = {
        "machine_type": machine_type,
        "machine_id": machine_id,
        "members": {name: [member.key(), versions[name]] for name, member in recipe.members.items()},
        "recipe": {
            "ensemble": {"rule": recipe.ensemble.rule, "shares": recipe.ensemble.shares},
            **{table: values for table, values in first.of_scores().items() if table in ("encoder", "threshold")},
        },
        **judgement_of(scorer),
        "median_unseen_score": float(np.median(scorer.unseen)),
        "median_level_db": next(iter(members.values())).scorer.median_level_db,
        "uris": list(scorer.names),
        "learnt_uris": list(learnt),
    }
    folder = scorer_folder(recipe.key(), machine_type, machine_id)
    version, is_new = commit_scorer(store, folder, head, as_npz({"unseen": scorer.unseen}))
    keep_combined_nights(store, recipe, machine_type, machine_id, version, members)
    return scorer, version, is_new


def keep_combined_nights(
    store: Store,
    recipe: Recipe,
    machine_type: str,
    machine_id: str,
    version: str,
    members: Mapping[str, MemberScorer],
) -> None:
    """Keep the scores of the nights that an ensemble's scorer learnt, from those of its members, unless they are there.

    Args:
        store: where scorers are.
        recipe: of the ensemble.
        machine_type: whose.
        machine_id: whose.
        version: of the ensemble's scorer.
        members: member → scorer that it is made from.
    """
    assert recipe.ensemble is not None
    path = nights_path(scorer_folder(recipe.key(), machine_type, machine_id), version)
    if store.files.exists(path):
        return
    nights = {}
    for name, member in recipe.members.items():
        folder, own = scorer_folder(member.key(), machine_type, machine_id), members[name]
        found = stored_nights(store, folder, own.version)
        nights[name] = scores_without_clips(own.scorer) if found is None else found
    store.files.write_new(path, to_parquet(combined_nights(recipe.ensemble, members, nights)))


def load_members(
    store: Store, recipe: Recipe, machine_type: str, machine_id: str, versions: Mapping[str, str]
) -> dict[str, MemberScorer]:
    """The scorers of all members of an ensemble for one machine, in these versions.

    Raises:
        AsdError: a member has none, or it cannot be loaded.
    """
    assert recipe.ensemble is not None
    lacking = [f"{name} ({recipe.members[name].key()})" for name in recipe.members if name not in versions]
    if lacking:
        raise AsdError(f"no scorer of member {', '.join(lacking)}: fit it with asd fit")
    found = {}
    for name, member in recipe.members.items():
        folder, own = scorer_folder(member.key(), machine_type, machine_id), member.for_machine(machine_type)
        try:
            scorer = load_scorer(store, folder, versions[name], own, member.fingerprint(machine_type))
        except AsdError as error:
            raise AsdError(f"member {name}: {error}") from error
        found[name] = MemberScorer(recipe.ensemble.rule, scorer, versions[name])
    return found


def load_combined(store: Store, folder: str, version: str, threshold: ThresholdConfig) -> CombinedScorer:
    """Load a committed combined scorer, judged by a rule of the threshold.

    Raises:
        AsdError: its bytes have changed.
    """
    head = stored_head(store, folder, version)
    with named_if_broken(f"{folder}/{version}", FIT_AGAIN):
        scorer, former = _loaded(store, folder, version, head)
    if threshold == former:
        return scorer
    stale = decision_threshold(scorer.unseen, former).notes
    kept = replace(scorer, notes=tuple(note for note in scorer.notes if note not in stale), is_judged_anew=True)
    return judged(kept, threshold)


def _loaded(store: Store, folder: str, version: str, head: Mapping[str, Any]) -> tuple[CombinedScorer, ThresholdConfig]:
    """The scorer as it was judged when it was committed, and the rule of that."""
    data = unchanged_file(store, folder, version, f"{head['arrays']}.npz", head["arrays"])
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        unseen = arrays["unseen"]
    rate = head["false_alarm_rate"]
    versions = {name: of_member for name, (_, of_member) in head["members"].items()}
    scorer = CombinedScorer(
        versions,
        tuple(head["uris"]),
        unseen,
        head["threshold"],
        np.nan if rate is None else rate,
        tuple(head["notes"]),
    )
    return scorer, ThresholdConfig(**head["recipe"]["threshold"])
