"""A memory bank and a mixture on published features, alone and combined: do thresholds of ensembles hold?

The features have training normals, so that everything is standardised on normals that the members have not seen. The
two members, equal weights and all three rules were fixed beforehand; nothing is chosen.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any, get_args

import pyarrow.compute as pc

from asd_core.alarms.standardising import Rule
from asd_core.evaluation.comparison import method_table
from asd_core.evaluation.evaluate import Evaluation, evaluate
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe
from asd_core.runs.embed import stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.runs.new_ensemble import new_ensemble
from asd_core.runs.score import score
from asd_core.store.store import Store, open_store

MEMBERS: dict[str, dict[str, Any]] = {
    "bank": {"kind": "memory_bank", "k": 4, "density": "least", "whitening": "half"},
    "mixture": {"kind": "gmm"},
}


def member(name: str, detector: dict[str, Any]) -> Recipe:
    """A recipe of the published features."""
    encoder = {"kind": "imported", "name": "modspec"}
    return Recipe(name, {"encoder": encoder, "embedding": {"transform": "log-zscore"}, "detector": detector})


def evaluated(store: Store, recipe: Recipe) -> Evaluation:
    """Fit, score and evaluate a recipe on all machines of the store."""
    clips = stored_clips(store, recipe)
    is_normal = pc.equal(clips["split"], "train")
    fit(store, recipe, clips.filter(is_normal), LocalEngine())
    return evaluate(store.read_scores(score(store, recipe, clips.filter(pc.invert(is_normal)), LocalEngine())))


def compared(files: list[Path]) -> dict[str, Evaluation]:
    """The members and their ensembles, by name."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(folder)
        import_embeddings(store, "modspec", files)
        for name, detector in MEMBERS.items():
            found[name] = evaluated(store, member(name, detector))
            print(name, found[name].mean, file=sys.stderr)
        for rule in get_args(Rule):
            recipe = new_ensemble(store, f"both-{rule}", {name: name for name in MEMBERS}, {}, rule)
            found[f"both, {rule}"] = evaluated(store, recipe)
            print(rule, found[f"both, {rule}"].mean, file=sys.stderr)
    return found


if __name__ == "__main__":
    features = Path(os.environ["ASD_REAL_DATA"]) / "dcase2020_dev_modspec_features"
    print("\n".join(method_table(compared(sorted(features.glob("*.npz"))))))
