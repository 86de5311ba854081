"""What a search is asked for, and what names it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from asd_core.evaluation.objectives import check_objective
from asd_core.recipe.recipe import Recipe
from asd_core.synthesis import Validation
from asd_core.tuning.gather.machine_data import MachineData
from asd_core.tuning.gather.needed import planned
from asd_core.tuning.results import code_version
from asd_core.tuning.space.proposals import Method, proposals
from asd_core.tuning.space.space import Space

Per = Literal["machine-type", "machine", "global"]


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Attributes:
        space: to search.
        method: how.
        count: settings to try; None for a grid.
        objective: of `asd_core.tuning.objectives.OBJECTIVES`.
        per: what gets a setting together.
        validation: in a word, what settings are judged on: ``real``, ``simulated`` or ``generated`` clips.
        seed: of everything random in the search and in how sure it is.
        data: folder for what is gathered, kept for further searches; None: in the store while the search lasts.
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
        """Refuse what cannot be searched, before anything is read.

        Raises:
            UsageError: an unknown objective, a space that the recipe does not allow, or a search without an end.
        """
        check_objective(self.objective)
        self.space.check(recipe)
        self.space.encoder_settings()
        proposals(self.space, self.method, self.count, self.seed, "")


def search_id(recipe: Recipe, validations: Sequence[Validation], order: Order) -> str:
    """Hash of all that decides what a search comes to: recipe, clips, embeddings, what is asked for and the code.

    Raises:
        UsageError: simulated or generated clips, but embeddings that were imported.
    """
    told = [code_version(), recipe.name, recipe.settings, recipe.resolved(), order_record(order)]
    digest = hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=12)
    for plan in planned(recipe, [one for one in validations if len(one.normals)], order.space.encoder_settings()):
        digest.update(plan.name.encode())  # of clips and embeddings
    rejected = [asdict(clip) for one in validations for clip in one.rejected]
    digest.update(json.dumps(rejected).encode())
    return f"tune-{digest.hexdigest()}"


def order_record(order: Order) -> dict[str, Any]:
    """What a record says of what was asked for."""
    told = {name: value for name, value in vars(order).items() if name not in ("space", "data")}
    return {**told, "space": {one.name: asdict(one) for one in order.space.dimensions}}


EVERYTHING = "all machines"
"""Name of the scope of all machines."""


@dataclass(frozen=True)
class Scope:
    """Machines that get one setting together.

    Attributes:
        name: of the machine type or machine, or "all machines".
        machines: their places among all machines.
    """

    name: str
    machines: tuple[int, ...]


def scopes_of(machines: Sequence[MachineData], per: str) -> list[Scope]:
    """The machines that get a setting together: of a type, each alone, or all."""
    if per == "global":
        return [Scope(EVERYTHING, tuple(range(len(machines))))]
    if per == "machine":
        return [Scope(f"{m.machine_type} {m.machine_id}", (place,)) for place, m in enumerate(machines)]
    kinds = sorted({machine.machine_type for machine in machines})
    return [
        Scope(kind, tuple(place for place, machine in enumerate(machines) if machine.machine_type == kind))
        for kind in kinds
    ]
