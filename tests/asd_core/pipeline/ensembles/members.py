"""Scorers of single numbers for tests of ensembles: each score is a distance between numbers."""

import numpy as np

from asd_core.pipeline.ensembles.combined_scorer import MemberScorer
from asd_core.pipeline.scorer import fit_scorer
from asd_core.recipe.recipe import Recipe, load_recipe

ENSEMBLE = {"near": {"recipe": "twfr-knn"}, "spread": {"recipe": "twfr-gmm"}}


def fused(rule="z", **weights):
    """An ensemble of two built-in recipes."""
    members = {
        name: {**one, **({"weight": weights[name]} if name in weights else {})} for name, one in ENSEMBLE.items()
    }
    return Recipe("fused", {"ensemble": {"rule": rule, "members": members}})


def names(clips=12, first=0):
    return [f"file:///{number:02d}.wav" for number in range(first, first + clips)]


def member(seed=0, rule="z", uris=None, segments=0, recipe="twfr-knn"):
    """A scorer fitted on noise in four dimensions; of recordings with so many segments where given."""
    uris = names() if uris is None else uris
    machine = load_recipe(recipe).for_machine("fan")
    rows = np.random.default_rng(seed).normal(size=(len(uris) * max(segments, 1), 4)).astype(np.float32)
    recordings = np.repeat(np.arange(len(uris)), segments) if segments else None
    of_rows = np.repeat(uris, max(segments, 1)).tolist()
    domains, starts = np.full(len(rows), "source"), np.zeros(len(rows)).tolist()
    scorer = fit_scorer("fan", "00", machine, "f", rows, domains, of_rows, recordings=recordings, starts=starts)
    return MemberScorer(rule, scorer, f"v{seed}")
