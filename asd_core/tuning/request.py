"""The search that a user asks for, and the id that names it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from asd_core.errors import UsageError
from asd_core.evaluation.objectives import check_objective
from asd_core.recipe.recipe import Recipe
from asd_core.synthesis.validation import Validation
from asd_core.tuning.gather.machine_data import MachineData
from asd_core.tuning.gather.machine_plan import machine_plans
from asd_core.tuning.space.proposals import Method, proposals
from asd_core.tuning.space.space import Space
from asd_core.tuning.stored_results import code_version

Per = Literal["machine-type", "machine", "global"]


@dataclass(frozen=True)
class SearchRequest:
    """A search as it is asked for.

    Attributes:
        space: the fields to search and their values.
        method: which settings are tried.
        count: number of settings to try; None for a grid.
        objective: one of `asd_core.evaluation.objectives.OBJECTIVES`.
        per: machines that get one setting together: a type, each one alone, or all.
        validation: the clips that settings are judged on: ``real``, ``simulated`` or ``generated``.
        seed: of everything random in the search and in the comparison of its best settings.
        data: folder that keeps gathered arrays for further searches; None: in the store while the search lasts.
    """

    space: Space
    method: Method = "grid"
    count: int | None = None
    objective: str = "auc"
    per: Per = "machine-type"
    validation: str = "real"
    seed: int = 0
    data: str | None = None

    def check(self, recipe: Recipe) -> None:
        """Refuse a search that is not possible, before anything is read.

        Raises:
            UsageError: an ensemble, an unknown objective, a space that the recipe does not allow, or a search without
                an end.
        """
        if recipe.ensemble is not None:
            raise UsageError(f"ensemble {recipe.name} has no settings to search: search those of a member")
        check_objective(self.objective)
        self.space.check(recipe)
        self.space.encoder_settings()
        proposals(self.space, self.method, self.count, self.seed, "")


def search_id(recipe: Recipe, validations: Sequence[Validation], request: SearchRequest) -> str:
    """Hash of all that decides the outcome of a search: recipe, clips, embeddings, request and code.

    Raises:
        UsageError: simulated or generated clips, but embeddings that were imported.
    """
    facts = [code_version(), recipe.name, recipe.settings, recipe.resolved(), request_record(request)]
    digest = hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=12)
    judgeable = [one for one in validations if len(one.normals)]
    for plan in machine_plans(recipe, judgeable, request.space.encoder_settings()):
        digest.update(plan.name.encode())  # of clips and embeddings
    rejected = [asdict(clip) for one in validations for clip in one.rejected]
    digest.update(json.dumps(rejected).encode())
    return f"tune-{digest.hexdigest()}"


def request_record(request: SearchRequest) -> dict[str, Any]:
    """The request as a run's record keeps it."""
    fields = {name: value for name, value in vars(request).items() if name not in ("space", "data")}
    return {**fields, "space": {one.name: asdict(one) for one in request.space.dimensions}}


EVERYTHING = "all machines"
"""Name of the scope of all machines."""


@dataclass(frozen=True)
class Scope:
    """Machines that get one setting together.

    Attributes:
        name: of the machine type or machine, or "all machines".
        machines: their indices among all machines.
    """

    name: str
    machines: tuple[int, ...]


def scopes_of(machines: Sequence[MachineData], per: str) -> list[Scope]:
    """The scopes of a search: one for all machines, one for each machine, or one for each machine type."""
    if per == "global":
        return [Scope(EVERYTHING, tuple(range(len(machines))))]
    if per == "machine":
        return [Scope(f"{m.machine_type} {m.machine_id}", (place,)) for place, m in enumerate(machines)]
    members: dict[str, list[int]] = {}
    for place, machine in enumerate(machines):
        members.setdefault(machine.machine_type, []).append(place)
    return [Scope(name, tuple(places)) for name, places in sorted(members.items())]
