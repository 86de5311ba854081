"""``--encoder NAME``: a recipe with the encoder that a store keeps under a name in place of its own.

``encoders.json`` of a store names imported embeddings and trained encoders, each with its ``kind``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from asd_core.encoders.build import kind_of
from asd_core.encoders.checkpoint_files import trained_table
from asd_core.encoders.config import IMPORTED
from asd_core.encoders.head.stored import KIND as HEAD
from asd_core.encoders.head.stored import described_head
from asd_core.errors import AsdError, UsageError, did_you_mean
from asd_core.recipe.machine_recipe import dotted
from asd_core.recipe.recipe import Recipe

_FREE = frozenset({"batch_size", "channel", "clip_rule", "clip_seconds", "hop_seconds", "precision"})
"""Keys of ``[encoder]`` that leave a network as it was trained."""


def with_encoder(recipe: Recipe, name: str, names: Mapping[str, Any], store_url: str) -> Recipe:
    """A recipe with the encoder of that name: its whole ``[encoder]`` table is replaced, and overrides of it dropped.

    Imported embeddings only name the ones that a recipe with ``kind = "imported"`` takes. A head names the embeddings
    that it takes, and is their transform.

    Args:
        recipe: which gives all else.
        name: of ``--encoder``.
        names: the entries of a store's ``encoders.json``.
        store_url: of that store.

    Raises:
        UsageError: there is no such name, the recipe makes its own embeddings and the name is of imported ones, or it
            is an ensemble.
        AsdError: the files of a trained encoder are gone or broken.
    """
    if recipe.ensemble is not None:
        raise UsageError(f"--encoder {name} has no place: ensemble {recipe.name} has the encoders of its members")
    takes_imported = not kind_of(recipe.for_machine("").encoder.kind).is_from_audio
    entry = names.get(name)
    if entry is not None and entry.get("kind") == HEAD:
        return _with_head(recipe, name, entry, store_url)
    if entry is not None and not names_imported(names, name):
        return _with_table(recipe, {**_table_of(name, entry, store_url), "name": name})
    if takes_imported:
        return recipe.with_settings({"encoder.name": name})
    if entry is not None:
        raise UsageError(
            f"recipe {recipe.name} makes its own embeddings, so --encoder {name}, which are imported ones, has no "
            "place: take imported-knn or another imported-... recipe"
        )
    known = did_you_mean(name, names) if names else ": it has none yet"
    raise UsageError(
        f"the store has no encoder {name!r}{known}; asd train --as {name} trains one, asd import-embeddings takes "
        "embeddings made elsewhere"
    )


def names_imported(names: Mapping[str, Any], name: str) -> bool:
    """True where a name is of imported embeddings, or of nothing yet."""
    return bool(names.get(name, {}).get("kind", IMPORTED) == IMPORTED)


def check_changes(name: str, changes: Iterable[str]) -> None:
    """Refuse changes of a trained encoder that would be another network.

    Args:
        name: of the encoder.
        changes: keys such as ``encoder.batch_size``.

    Raises:
        UsageError: the first of these.
    """
    for key in changes:
        if key.removeprefix("encoder.") not in _FREE:
            raise UsageError(
                f"--set {key}: the encoder {name} is trained as it is: leave it out, or train another one with it "
                f"(free to change: {', '.join(sorted(_FREE))})"
            )


def _table_of(name: str, entry: Mapping[str, Any], store_url: str) -> dict[str, Any]:
    try:
        return trained_table(f"{store_url}/{entry['folder']}")
    except (UsageError, KeyError) as error:
        raise _gone("trained encoder", name, entry) from error


def _with_head(recipe: Recipe, name: str, entry: Mapping[str, Any], store_url: str) -> Recipe:
    """A recipe of the embeddings that a head takes, with the head as their transform."""
    try:
        folder = f"{store_url}/{entry['folder']}"
        table = described_head(folder).encoder["embeddings"]
    except (UsageError, KeyError) as error:
        raise _gone("trained head", name, entry) from error
    return _with_table(recipe, table).with_settings({"embedding.transform": "head", "embedding.head": folder})


def _gone(what: str, name: str, entry: Mapping[str, Any]) -> AsdError:
    return AsdError(
        f"the {what} {name} is gone from the store: restore {entry.get('folder', 'its folder')}, or run "
        f"asd train --as {name} again"
    )


def _with_table(recipe: Recipe, table: Mapping[str, Any]) -> Recipe:
    settings = {**recipe.settings, "encoder": dict(table)}
    machines = {
        machine_type: {key: value for key, value in dict(dotted(overrides)).items() if not key.startswith("encoder.")}
        for machine_type, overrides in recipe.settings.get("machine", {}).items()
    }
    settings["machine"] = {machine_type: own for machine_type, own in machines.items() if own}
    return Recipe(recipe.name, {key: value for key, value in settings.items() if value or key != "machine"})
