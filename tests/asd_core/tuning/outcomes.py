"""Made-up outcomes of searches, for the pages and recipes that tell them."""

import numpy as np

from asd_core.pages.search.page import SearchReport
from asd_core.tuning.outcome import Certainty, MachineOutcome, ScopeOutcome
from asd_core.tuning.space.space import new_space

GRID = {
    "encoder.r": {"low": 0.0, "high": 1.1, "step": 0.05},
    "detector.n_components": {"grid": [1, 2, 4, 8]},
}


def scope_of(tables=GRID, machines=3, name="fan", compared=20, auc_level_only=0.61, seed=0):
    """A scope whose objective has its top near r = .9 and two components, with some noise of its own a machine."""
    space, rng = new_space(tables), np.random.default_rng(seed)
    settings = list(space.grid())
    shape = np.array([_shape(setting) for setting in settings])
    aucs = np.clip(shape + rng.normal(0, 0.01, (machines, len(settings))) + rng.normal(0, 0.03, (machines, 1)), 0, 1)
    objectives = aucs.mean(axis=0)
    found = [
        MachineOutcome(name, f"{number:02d}", 1000, 100, 90 + number, auc_level_only, own, own - 0.1, own)
        for number, own in enumerate(aucs)
    ]
    order = np.argsort(-objectives, kind="stable")[:compared].tolist()
    gaps = {place: objectives.max() - objectives[place] for place in order}
    sure = {place: Certainty(0.012, gap - 0.01, gap + 0.01, bool(gap > 0.01)) for place, gap in gaps.items()}
    return ScopeOutcome(name, space.dimensions, settings, objectives, found, sure, {})


def _shape(setting):
    r = setting.get("encoder.r", 0.9)
    penalty = 0.02 * abs(np.log2(setting.get("detector.n_components", 2)) - 1)
    return 0.9 - 0.25 * (r - 0.9) ** 2 - penalty


def report_of(scopes, **changes):
    """A report of scopes."""
    told = {
        "recipe": "twfr-gmm",
        "objective": "auc",
        "facts": [("objective", "auc"), ("validation", "labelled recordings")],
        "scopes": scopes,
        "left_out": [],
        "unusable": [],
        "warnings": [],
        "recipes": {"recipe.toml": "# chosen\n[encoder]\nr = 0.9\n"},
    }
    return SearchReport(**{**told, **changes})
