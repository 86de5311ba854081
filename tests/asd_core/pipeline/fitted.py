import numpy as np

from asd_core.pipeline.scorer import fit_scorer
from asd_core.recipe.recipe import load_recipe


def fitted(recipe="twfr-knn", seed=0, count=40, fingerprint="f", **changes):
    values = np.random.default_rng(seed).gamma(2.0, size=(count, 6)).astype(np.float32)
    chosen = load_recipe(recipe).with_settings(changes).for_machine("fan")
    domains = np.array(["target" if i % 8 == 7 else "source" for i in range(count)])
    return fit_scorer("fan", "07", chosen, fingerprint, values, domains, [f"file:///{i}" for i in range(count)])
