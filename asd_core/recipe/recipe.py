"""Recipes: which encoder, transform, detector and threshold, as TOML.

    [encoder]    kind = "twfr", r = 0.98, clip_seconds = 10.0, ...
    [embedding]  transform = "none"
    [detector]   kind = "gmm", n_components = 2, ...
    [score]      over = "max"               # of a recording's segments
    [threshold]  kind = "quantile", quantile = 0.9
    [alarm]      false_alarms = 0.142857    # of the whole fleet in a night
    [captions]   encoder = "clap", k = 4, ...   # how flagged clips are explained; no score depends on it
    [training]   loss = "scac", epochs = 16, ...  # how asd train trains the encoder
    [generator]  clips = 100, ...           # how asd synthesize makes clips of faults that nobody recorded
    [machine.fan]  "encoder.r" = 0.9        # overrides for one machine type

An ensemble has ``[ensemble]`` instead of the first four (`asd_core.recipe.ensemble_settings`).

A built-in recipe is named, one of a site's own is a path to a ``.toml`` file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asd_core.encoders.build import embeddings_fingerprint
from asd_core.encoders.config import EncoderConfig
from asd_core.errors import UsageError
from asd_core.recipe import ensemble_settings
from asd_core.recipe.machine_recipe import (
    EXPLAINING,
    JUDGING,
    TABLES,
    TEACHING,
    MachineRecipe,
    dotted,
    ensemble_machine,
    is_outdone,
    laid_over,
    machine_recipe,
)
from asd_core.recipe.names import built_in_recipes, check_recipe_name, key_of
from asd_core.recipe.near_names import check_override, check_setting, near_file, near_recipe
from asd_core.settings import check_keys
from asd_core.text_files import read_text, toml_of

if TYPE_CHECKING:
    import pyarrow as pa


class Recipe:
    """A checked recipe.

    Attributes:
        name: of the built-in recipe, or the file's name without ``.toml``.
        settings: its tables after defaults of the command line were laid over them; JSON values only.
        ensemble: the members that it combines; None for a recipe of one encoder and one detector.
    """

    def __init__(self, name: str, settings: Mapping[str, Any], stored_key: str = "") -> None:
        """Check the settings, those of every machine type too.

        Args:
            name: of the recipe.
            settings: its tables.
            stored_key: the KEY under which a store of before holds it (`asd_core.pipeline.stored_keys`); "" for its
                own.

        Raises:
            UsageError: an unknown table, key or value.
        """
        self.name = name
        self._stored_key = stored_key
        self.settings: dict[str, Any] = json.loads(json.dumps(settings))
        check_keys(self.settings, [*TABLES, "ensemble", "machine"], f"recipe {name}")
        for table, value in self.settings.items():
            if not isinstance(value, dict):
                raise UsageError(f"recipe {name}: {table} must be a table ([{table}]), got {value!r}")
        for machine_type, value in self.settings.get("machine", {}).items():
            if not isinstance(value, dict):
                raise UsageError(f"recipe {name}: machine.{machine_type} must be a table, got {value!r}")
        self._fingerprints: dict[EncoderConfig, str] = {}
        self.ensemble = ensemble_settings.ensemble_config(self.settings)
        self._kinds = ["", *self.settings.get("machine", {})]  # of machines, "" for all without overrides
        for machine_type in self._kinds:
            self.for_machine(machine_type)

    def for_machine(self, machine_type: str) -> MachineRecipe:
        """The recipe with the overrides of ``[machine.<machine_type>]`` laid over it.

        Of an ensemble it is its first member's, with the ensemble's own threshold and captions.
        """
        if self.ensemble is not None:
            first = next(iter(self.members.values()))
            return ensemble_machine(first.for_machine(machine_type), self.tables_for(machine_type))
        return machine_recipe(self.tables_for(machine_type))

    @cached_property
    def members(self) -> dict[str, Recipe]:
        """Name → recipe of an ensemble's members, the first of which is listened with; none for other recipes.

        Raises:
            UsageError: a member without settings is no built-in recipe.
        """
        members = {} if self.ensemble is None else self.ensemble.members
        return {
            name: Recipe(one.recipe, one.tables or load_recipe(one.recipe).settings, one.key)
            for name, one in members.items()
        }

    def encoders_of(self, clips: pa.Table) -> dict[str, EncoderConfig]:
        """Machine type → encoder, for the machine types of rows of CLIPS."""
        return {kind: self.for_machine(kind).encoder for kind in clips["machine_type"].unique().to_pylist()}

    def tables_for(self, machine_type: str) -> dict[str, dict[str, Any]]:
        """The tables by name with the overrides of ``[machine.<machine_type>]`` laid over them, defaults left out.

        An override of ``encoder.kind`` or ``detector.kind`` drops the keys and values that this kind does not take.
        """
        tables = {table: dict(self.settings.get(table, {})) for table in TABLES}
        return laid_over(tables, self.overrides(machine_type))

    def overrides(self, machine_type: str) -> dict[str, Any]:
        """``[machine.<machine_type>]`` as ``table.key`` → value."""
        overrides = dict(dotted(self.settings.get("machine", {}).get(machine_type, {})))
        for key in overrides:
            check_override(machine_type, key)
        return overrides

    def only_for(self, machine_type: str) -> Recipe:
        """The recipe of one machine type: its overrides laid over, no others left."""
        kept = {table: keys for table, keys in self.settings.items() if table == "ensemble"}
        return Recipe(self.name, kept | {table: keys for table, keys in self.tables_for(machine_type).items() if keys})

    def with_settings(self, changes: Mapping[str, Any]) -> Recipe:
        """The recipe with ``table.key`` → value pairs laid over it, and over every ``[machine.<machine_type>]``.

        Values of None are left out. A changed kind drops the overrides that it does not take.
        """
        settings = json.loads(json.dumps(self.settings))
        for key, value in changes.items():
            check_setting(key, self.for_machine(""))
            if self.ensemble is not None and value is not None:
                ensemble_settings.check_setting(self.name, key)
            table, _, field = key.partition(".")
            if value is not None:
                settings.setdefault(table, {})[field] = value
        given = {key: value for key, value in changes.items() if value is not None}
        for machine_type in self.settings.get("machine", {}):
            own, tables = self.overrides(machine_type), self.tables_for(machine_type)
            kept = {key: value for key, value in own.items() if not is_outdone(key, value, given, tables)}
            if not kept and own:  # an empty table would still name a machine type of its own in the key
                del settings["machine"][machine_type]
            elif len(kept) < len(own):
                settings["machine"][machine_type] = kept
        return Recipe(self.name, settings)

    def resolved(self) -> dict[str, Any]:
        """All that scores depend on, defaults filled in: by machine type with overrides, and ("") for the others."""
        return {kind: self.for_machine(kind).of_scores() for kind in sorted(self._kinds)}

    def notes(self) -> list[str]:
        """Lines that must be said wherever its scores are shown: that an encoder has random weights."""
        notes = [note for member in self.members.values() for note in member.notes()]
        return list(dict.fromkeys([*notes, *(note for kind in self._kinds for note in self.for_machine(kind).notes())]))

    def judgement(self) -> dict[str, Any]:
        """The tables that judge rows of scores: by machine type with others, and ("") for the rest."""
        whole = self.for_machine("").judgement()
        found = {kind: self.for_machine(kind).judgement() for kind in sorted(self._kinds)}
        return {kind: tables for kind, tables in found.items() if not kind or tables != whole}

    def key(self) -> str:
        """The name of this recipe's scorers and scores: its own and 8 hex digits of all that its scorers depend on.

        An edited recipe, or the same recipe on other embeddings, has another key. Another batch size has not, since
        it may not change an embedding. Tables that judge or explain scores have no part in it.
        """
        return self._stored_key or self._own_key

    @cached_property
    def _own_key(self) -> str:
        if self.ensemble is not None:
            return self._hashed_members()
        return self._hashed({kind: self.for_machine(kind).of_scorers() for kind in self.scorer_kinds()})

    def former_key(self) -> str:
        """The key that `asd` 0.1 gave the recipe: its thresholds, and every machine type named, had a part in it."""
        if self.ensemble is not None:  # which 0.1 had not: only a threshold of its own makes it another
            return self._hashed_members(self.judgement())
        return self._hashed(self.resolved())

    def key_tells_judgement(self) -> bool:
        """True where no recipe with another threshold has this key."""
        return self.key() == self.former_key()

    def scorer_kinds(self) -> list[str]:
        """The machine types whose overrides change scorers, and "" for all others."""
        return [kind for kind in sorted(self._kinds) if not kind or self._changes_scorers(kind)]

    def _changes_scorers(self, machine_type: str) -> bool:
        unasked = (*JUDGING, *EXPLAINING, *TEACHING)
        return any(key.partition(".")[0] not in unasked for key in self.overrides(machine_type))

    def _hashed_members(self, judgement: Mapping[str, Any] | None = None) -> str:
        keys = {name: member.key() for name, member in self.members.items()}
        return key_of(self.name, ensemble_settings.facts(self.ensemble, keys, judgement))

    def _hashed(self, resolved: Mapping[str, dict[str, Any]]) -> str:
        for kind, tables in resolved.items():
            del tables["encoder"]["batch_size"]
            self.for_machine(kind).embedding.check_complete()
        return key_of(self.name, [resolved, [self.fingerprint(kind) for kind in resolved]])

    def fingerprint(self, machine_type: str) -> str:
        """The name of the embeddings of a machine type (`embeddings_fingerprint`)."""
        encoder = self.for_machine(machine_type).encoder
        if encoder not in self._fingerprints:  # weights are hashed for it
            self._fingerprints[encoder] = embeddings_fingerprint(encoder)
        return self._fingerprints[encoder]


def load_recipe(name: str) -> Recipe:
    """Load a built-in recipe by its name, or a site's own by its path.

    Raises:
        UsageError: there is no such recipe, or it is no valid TOML or no valid recipe.
    """
    if name.endswith(".toml"):
        if not Path(name).exists():
            hint = near_file(name, built_in_recipes())
            raise UsageError(f"cannot read the recipe {name}: there is no such file{hint}")
        return _parse(Path(name).stem, read_text(name, f"the recipe {name}"))
    built_in = built_in_recipes()
    if name not in built_in:
        raise UsageError(
            f"there is no recipe {name!r}{near_recipe(name, built_in)}; a recipe of your own is a path to a .toml file"
        )
    return _parse(name, built_in[name])


def _parse(name: str, text: str) -> Recipe:
    check_recipe_name(name)
    try:
        return Recipe(name, toml_of(text, f"recipe {name} is no valid TOML"))
    except TypeError as error:  # a TOML date, which JSON has not
        raise UsageError(f"recipe {name}: {error}") from error
