"""Recipes: which encoder, transform, detector and threshold, as TOML.

    [encoder]    kind = "twfr", r = 0.98, clip_seconds = 10.0, ...
    [embedding]  transform = "none"
    [detector]   kind = "gmm", n_components = 2, ...
    [threshold]  kind = "quantile", quantile = 0.9
    [machine.fan]  "encoder.r" = 0.9        # overrides for one machine type

A built-in recipe is named, one of a site's own is a path to a ``.toml`` file.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal, cast, get_args

from asd_core.detectors.build import DetectorConfig
from asd_core.encoders.build import EncoderConfig, embeddings_fingerprint, encoder_config
from asd_core.errors import UsageError, did_you_mean
from asd_core.settings import check_keys, from_mapping
from asd_core.thresholds import ThresholdConfig


@dataclass(frozen=True)
class EmbeddingConfig:
    """A recipe's ``[embedding]``: what is done to embeddings before a detector sees them.

    ``log-zscore`` takes the natural logarithm of x + 1e-12 in float64, then subtracts the mean and divides by the
    population deviation that each dimension has over the machine's training normals: for raw power features.
    """

    transform: Literal["none", "log-zscore"] = "none"


@dataclass(frozen=True)
class MachineRecipe:
    """A recipe as it holds for one machine type."""

    encoder: EncoderConfig
    embedding: EmbeddingConfig
    detector: DetectorConfig
    threshold: ThresholdConfig


class Recipe:
    """A checked recipe.

    Attributes:
        name: of the built-in recipe, or the file's name without ``.toml``.
        settings: its tables after defaults of the command line were laid over them; JSON values only.
    """

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        """Check the settings, those of every machine type too.

        Raises:
            UsageError: an unknown table, key or value.
        """
        self.name = name
        self.settings: dict[str, Any] = json.loads(json.dumps(settings))
        check_keys(self.settings, [*_TABLES, "machine"], f"recipe {name}")
        for table, value in self.settings.items():
            if not isinstance(value, dict):
                raise UsageError(f"recipe {name}: {table} must be a table ([{table}]), got {value!r}")
        for machine_type in ["", *self.settings.get("machine", {})]:
            self.for_machine(machine_type)

    def for_machine(self, machine_type: str) -> MachineRecipe:
        """The recipe with the overrides of ``[machine.<machine_type>]`` laid over it."""
        tables = {table: dict(self.settings.get(table, {})) for table in _TABLES}
        for key, value in _dotted(self.settings.get("machine", {}).get(machine_type, {})):
            table, _, field = key.partition(".")
            if table not in _TABLES or not field:
                raise UsageError(f"[machine.{machine_type}] has no key {key!r}: write table.key, such as encoder.r")
            tables[table][field] = value
        return MachineRecipe(
            encoder=encoder_config(tables["encoder"]),
            embedding=from_mapping(EmbeddingConfig, tables["embedding"], "[embedding]"),
            detector=_detector_config(tables["detector"]),
            threshold=from_mapping(ThresholdConfig, tables["threshold"], "[threshold]"),
        )

    def with_settings(self, changes: Mapping[str, Any]) -> Recipe:
        """The recipe with ``table.key`` → value pairs laid over it; values of None are left out."""
        settings = json.loads(json.dumps(self.settings))
        for key, value in changes.items():
            table, _, field = key.partition(".")
            if table not in _TABLES or not field:
                raise UsageError(
                    f"a setting is table.key=value, such as encoder.r=0.98, got {key!r}; tables: {', '.join(_TABLES)}"
                )
            if value is not None:
                settings.setdefault(table, {})[field] = value
        return Recipe(self.name, settings)

    def resolved(self) -> dict[str, Any]:
        """Every setting with its defaults filled in: for each machine type with overrides, and ("") for the others."""
        kinds = ["", *sorted(self.settings.get("machine", {}))]
        return {kind: asdict(self.for_machine(kind)) for kind in kinds}

    def key(self) -> str:
        """What names this recipe's scorers and scores: its name and 8 hex digits of all that it resolves to.

        An edited recipe, or the same recipe on other embeddings, has another key; another batch size has not, since
        it may not change an embedding.
        """
        resolved = self.resolved()
        for tables in resolved.values():
            del tables["encoder"]["batch_size"]
        fingerprints = [embeddings_fingerprint(self.for_machine(kind).encoder) for kind in resolved]
        text = json.dumps([resolved, fingerprints], sort_keys=True).encode()
        return f"{self.name}-{hashlib.blake2b(text, digest_size=4).hexdigest()}"


def load_recipe(name: str) -> Recipe:
    """Load a built-in recipe by its name, or a site's own by its path.

    Raises:
        UsageError: there is no such recipe, or it is no valid TOML or no valid recipe.
    """
    if name.endswith(".toml"):
        path = Path(name)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read the recipe {name}: {error}") from error
        return _parse(path.stem, text)
    built_in = built_in_recipes()
    if name not in built_in:
        raise UsageError(
            f"there is no recipe {name!r}{did_you_mean(name, built_in)}; a recipe of your own is a path to a .toml file"
        )
    return _parse(name, built_in[name])


def built_in_recipes() -> dict[str, str]:
    """Name → TOML text of every recipe that comes with the package."""
    folder = resources.files("asd_core") / "recipes"
    return {
        entry.name.removesuffix(".toml"): entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


_TABLES = ("encoder", "embedding", "detector", "threshold")


def _parse(name: str, text: str) -> Recipe:
    if not name or not all(character.isalnum() or character in "-_." for character in name) or name.startswith("."):
        raise UsageError(f"a recipe's name may hold letters, digits, '-', '_' and '.', got {name!r}; rename the file")
    try:
        return Recipe(name, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"recipe {name} is no valid TOML: {error}") from error
    except TypeError as error:  # a TOML date, which JSON has not
        raise UsageError(f"recipe {name}: {error}") from error


def _detector_config(table: Mapping[str, Any]) -> DetectorConfig:
    configs = {config().kind: config for config in get_args(DetectorConfig)}
    kind = table.get("kind", "gmm")
    if kind not in configs:
        raise UsageError(f"[detector] kind = {kind!r}{did_you_mean(str(kind), configs)}")
    return cast(DetectorConfig, from_mapping(configs[kind], table, "[detector]"))


def _dotted(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """``{"encoder": {"r": 1}}``, as TOML has a dotted key, and ``{"encoder.r": 1}`` as ``[("encoder.r", 1)]``."""
    pairs: list[tuple[str, Any]] = []
    for key, value in table.items():
        pairs += _dotted(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return pairs
