"""Fitted scorers of made-up embeddings."""

import numpy as np

from asd_core.pipeline.scorer import fit_scorer
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.recipe.recipe import load_recipe

RECIPES = ["twfr-gmm", "twfr-knn", "twfr-density-knn"]
FOLDER = scorer_folder("key", "fan", "07")


def fitted(recipe="twfr-knn", seed=0, count=40, fingerprint="f", segments=1, **changes):
    values = np.random.default_rng(seed).gamma(2.0, size=(count, 6)).astype(np.float32)
    chosen = load_recipe(recipe).with_settings(changes).for_machine("fan")
    domains = np.array(["target" if i % 8 == 7 else "source" for i in range(count)])
    uris = [f"file:///{i // segments}" for i in range(count)]
    if segments == 1:
        return fit_scorer("fan", "07", chosen, fingerprint, values, domains, uris)
    places = divmod(np.arange(count), segments)
    return fit_scorer("fan", "07", chosen, fingerprint, values, domains, uris, (), places[0], places[1] * 10.0)
