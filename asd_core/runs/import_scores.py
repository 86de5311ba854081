"""Taking anomaly scores made elsewhere into the store, as a recipe of their own that can be evaluated and combined."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from asd_core.encoders.config import IMPORTED
from asd_core.errors import UsageError
from asd_core.pipeline.engine import LocalEngine, Progress, no_progress
from asd_core.recipe.recipe import Recipe
from asd_core.runs.embed import stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.import_embeddings import import_lock, import_rows
from asd_core.runs.named_recipes import check_free, keep_recipe, named_recipe
from asd_core.runs.score import score
from asd_core.runs.score_files import read_scores
from asd_core.store.store import Store


def import_scores(
    store: Store,
    name: str,
    paths: list[Path],
    system: str | None = None,
    progress: Progress = no_progress,
    waiting: Callable[[str], None] = lambda holder: None,
) -> tuple[Recipe, dict[str, Any]]:
    """Import files of scores under one name; what is stored already is left as it is.

    Rows of split ``train`` are scores of normals that their system had not seen: thresholds, p-values and the scale of
    an ensemble come from them. Where no row is of split ``train``, these come from all rows of the machine
    (transductive), and every fit and result says so.

    Args:
        store: where they go.
        name: of the recipe that they become.
        paths: ``.csv`` and ``.parquet`` files.
        system: the one to take of files with a column ``system``.
        progress: called with (stage, done, total).
        waiting: told once who is waited for, where another import of that name is under way.

    Returns:
        The recipe, and the record of the run that scored all rows but those of split ``train``.

    Raises:
        UsageError: a file that is not such a file, a recording stored with another score, or a name that is taken.
    """
    read = partial(read_scores, system=system)
    fresh = [read(path, name)[0] for path in paths]
    is_transductive = not any("train" in rows["split"].to_pylist() for rows in fresh)
    recipe = _recipe(name, is_transductive)
    check_free(store, name, recipe)  # a name that cannot be leaves no lock, and so no folder, behind
    with import_lock(store, name, waiting):
        check_free(store, name, recipe)
        described = store.encoder_names().get(name, {"holds": "scores"})  # a broken import has a name and no recipe
        if described.get("holds") != "scores" and named_recipe(store, name) is None:
            raise UsageError(f"{name} is taken: embeddings were imported by that name; take another name")
        import_rows(store, name, paths, read, "scores")
        keep_recipe(store, recipe)
    clips = stored_clips(store, recipe)
    engine, is_normal = LocalEngine(), pc.equal(clips["split"], "train")
    fit(store, recipe, clips if is_transductive else clips.filter(is_normal), engine, progress)
    return recipe, score(store, recipe, clips.filter(pc.invert(is_normal)), engine, progress)


def _recipe(name: str, is_transductive: bool) -> Recipe:
    detector = {"kind": "scores"} | ({"transductive": True} if is_transductive else {})
    return Recipe(name, {"encoder": {"kind": IMPORTED, "name": name}, "detector": detector})
