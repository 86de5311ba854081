"""What a search is asked for, and what names it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from asd_core.recipe import Recipe
from asd_core.synthesis import Validation
from asd_core.tuning.objectives import check_objective
from asd_core.tuning.proposals import Method, proposals
from asd_core.tuning.results import code_version
from asd_core.tuning.space import Space

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
    """Hash of all that decides what a search comes to: recipe, clips, what is asked for and the code."""
    digest = hashlib.blake2b(digest_size=12)
    digest.update(json.dumps([code_version(), recipe.resolved(), order_record(order)], sort_keys=True).encode())
    for validation in validations:
        normals = validation.normals.select(["clip_id", "machine_type", "machine_id", "domain"]).to_pydict()
        digest.update(json.dumps([normals, [asdict(clip) for clip in validation.clips]]).encode())
    return f"tune-{digest.hexdigest()}"


def order_record(order: Order) -> dict[str, Any]:
    """What a record says of what was asked for."""
    told = {name: value for name, value in vars(order).items() if name not in ("space", "data")}
    return {**told, "space": {one.name: asdict(one) for one in order.space.dimensions}}
