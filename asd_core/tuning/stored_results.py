"""The results of a search in the store: the record of all finished settings, whatever becomes of the search.

    tuning/results/<data>/<hash>.parquet     rows of TUNING, one a setting and machine, committed batch by batch
    tuning/<run id>/settings.parquet         rows of CHOICES, one a setting of each scope, when the search is over
    tuning/<run id>/recipe.toml, index.html  the best settings as a recipe, and the report

A row belongs to the machine's clips and to the setting, not to a search: it knows neither objective nor scope. So a
search over more settings, with another objective or over other scopes starts from the results of earlier ones.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.digest import content_hash
from asd_core.encoders.build import embeddings_fingerprint
from asd_core.errors import AsdError, UsageError
from asd_core.evaluation.objectives import FIGURES
from asd_core.libraries import library_version
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store
from asd_core.store.tables import from_parquet, to_parquet
from asd_core.tuning.evaluate_settings import EVALUATION_VERSION, SettingScore
from asd_core.tuning.gather.machine_data import MachineData
from asd_core.tuning.space.setting import Setting, applied, relevant_fields, setting_text

TUNING = pa.schema(
    [
        pa.field("setting_id", pa.string(), nullable=False),  # hash of all that decides the figures but the clips
        pa.field("setting", pa.string(), nullable=False),  # JSON object: recipe field → value, of the fields searched
        pa.field("machine_type", pa.string(), nullable=False),
        pa.field("machine_id", pa.string(), nullable=False),
        pa.field("data", pa.string(), nullable=False),  # fingerprint of the clips fitted to and judged on
        *(pa.field(name, pa.float64()) for name in FIGURES),  # null where it is not defined
        pa.field("clip_ranks", pa.binary()),  # (N,) little-endian uint32: ranks of the anomaly scores, equal for ties
        pa.field("seconds", pa.float64()),  # of work; work that a batch shares is divided among its settings
        pa.field("error", pa.string()),  # one line; null where the setting could be evaluated
    ]
)
"""One row per setting and machine."""

CHOICES = pa.schema(
    [
        pa.field("scope", pa.string(), nullable=False),  # a machine type, a machine or "all machines"
        pa.field("setting_id", pa.string(), nullable=False),
        pa.field("setting", pa.string(), nullable=False),
        pa.field("objective", pa.float64()),  # null where no machine of the scope has the figures
        pa.field("place", pa.int64(), nullable=False),  # 1 is the best; ties in the order of their proposal
        pa.field("standard_error", pa.float64()),  # of the objective, over clips; null beyond the best few hundred
        pa.field("behind", pa.float64()),  # the best setting's objective minus this one's
        pa.field("behind_low", pa.float64()),  # the 95 % interval of that over clips
        pa.field("behind_high", pa.float64()),
        pa.field("told_apart", pa.bool_()),  # true where the interval lies above 0
        pa.field("error", pa.string()),  # of the first machine that could not be evaluated
    ]
)
"""One row per setting and scope of a finished search, best first."""


@dataclass(frozen=True)
class KnownResults:
    """The stored results of one machine.

    Attributes:
        setting_ids: (S,).
        figures: (S, 4) float64 of FIGURES, NaN where there is none.
        errors: index of a setting → the reason why it could not be evaluated.
    """

    setting_ids: pa.Array
    figures: NDArray[np.float64]
    errors: Mapping[int, str]

    def of(self, setting_ids: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.float64], dict[int, str]]:
        """Results of N settings: is there one (N,), figures (N, 4) or NaN, and errors by index among these settings."""
        found = pc.index_in(pa.array(setting_ids, pa.string()), value_set=self.setting_ids)
        rows = np.asarray(pc.fill_null(found, len(self.figures)), np.int64)
        figures = np.append(self.figures, [[np.nan] * len(FIGURES)], axis=0)[rows]
        errors = {place: self.errors[row] for place, row in enumerate(rows.tolist()) if row in self.errors}
        return rows < len(self.figures), figures, errors


def code_version() -> str:
    """The versions that figures depend on: of the evaluation, and of the libraries that it uses."""
    libraries = ", ".join(f"{name} {library_version(name)}" for name in ("numpy", "scikit-learn", "scipy"))
    return f"evaluation {EVALUATION_VERSION}, {libraries}"


def setting_ids(recipe: Recipe, settings: Sequence[Setting], version: str, machine_type: str = "") -> list[str]:
    """Ids of settings: equal only where the recipe with the setting laid over it, its embeddings and the code are.

    Args:
        recipe: settings are laid over it.
        settings: recipe field → value; a setting whose values do not go together has an id too.
        version: see `code_version`.
        machine_type: its overrides are laid over the recipe first.
    """
    fixed: dict[str, dict[str, Any]] = {}  # kinds chosen → the recipe's fields, which depend on the kinds
    embedded: dict[str, str] = {}  # fields of the encoder → fingerprint of its embeddings: weights are in no recipe
    ids = []
    for setting in settings:
        kinds = {field: value for field, value in setting.items() if field in ("encoder.kind", "detector.kind")}
        own = {field: value for field, value in setting.items() if field.startswith("encoder.")}
        if (kinds_text := setting_text(kinds)) not in fixed:
            fixed[kinds_text] = _flat(applied(recipe, kinds, machine_type).of_scores())
        if (text := setting_text(own)) not in embedded:
            embedded[text] = _fingerprint(recipe, own, machine_type)
        fields = {**fixed[kinds_text], **_plain(relevant_fields(setting))}
        ids.append(content_hash(json.dumps([version, embedded[text], fields], sort_keys=True).encode()))
    return ids


def _fingerprint(recipe: Recipe, setting: Setting, machine_type: str) -> str:
    """Fingerprint of the embeddings of a setting, or the reason why its values do not go together."""
    try:
        return embeddings_fingerprint(applied(recipe, setting, machine_type).encoder)
    except UsageError as error:
        return str(error)


def results_folder(data: str) -> str:
    """Folder of the rows of a machine's clips."""
    return f"tuning/results/{data}"


def read_known(store: Store, data: str) -> KnownResults:
    """The results of earlier batches on a machine's clips.

    Args:
        store: holds the rows.
        data: fingerprint of the clips.

    Raises:
        AsdError: a file is broken.
    """
    names = ["setting_id", *FIGURES, "error"]
    schema = pa.schema([TUNING.field(name) for name in names])
    tables = [_read(store, info.path, names).cast(schema) for info in store.files.list(results_folder(data))]
    rows = pa.concat_tables([schema.empty_table(), *tables]).combine_chunks()
    figures = np.stack([np.asarray(pc.fill_null(rows[name], np.nan), np.float64) for name in FIGURES], axis=1)
    errors = {place: text for place, text in enumerate(rows["error"].to_pylist()) if text is not None}
    return KnownResults(rows["setting_id"].combine_chunks(), figures, errors)


def read_ranks(store: Store, data: str, wanted: Collection[str]) -> dict[str, NDArray[np.uint32]]:
    """Setting id → ranks of the clips' anomaly scores, (N,), for the settings that have any.

    Args:
        store: holds the rows.
        data: fingerprint of the clips.
        wanted: ids of the settings.

    Raises:
        AsdError: a file is broken.
    """
    ids = pa.array(sorted(wanted), pa.string())
    found: dict[str, NDArray[np.uint32]] = {}
    for info in store.files.list(results_folder(data)):
        rows = _read(store, info.path, ["setting_id", "clip_ranks"])
        rows = rows.filter(pc.is_in(rows["setting_id"], value_set=ids))
        for name, ranks in zip(rows["setting_id"].to_pylist(), rows["clip_ranks"].to_pylist(), strict=True):
            if ranks is not None:
                found[name] = np.frombuffer(ranks, "<u4")
    return found


def commit_scores(store: Store, machine: MachineData, ids: Sequence[str], scores: Sequence[SettingScore]) -> None:
    """Commit a batch: from here on these settings are finished. The same batch always has the same file name.

    Args:
        store: takes the rows.
        machine: the machine whose clips were judged.
        ids: of the settings, in order.
        scores: of the settings.
    """
    rows = [_row(machine, setting_id, score) for setting_id, score in zip(ids, scores, strict=True)]
    batch = hashlib.blake2b(json.dumps(list(ids)).encode(), digest_size=12).hexdigest()
    table = pa.Table.from_pylist(rows, TUNING)
    store.files.write_new(f"{results_folder(machine.fingerprint)}/{batch}.parquet", to_parquet(table))


def write_choices(store: Store, run_id: str, rows: pa.Table) -> tuple[str, str]:
    """Write the choices of a search; returns path and checksum for the run's record."""
    path, data = f"{search_folder(run_id)}/settings.parquet", to_parquet(rows)
    store.files.write(path, data)
    return path, content_hash(data)


def search_folder(run_id: str) -> str:
    """Folder of a search's choices, recipes and report."""
    return f"tuning/{run_id}"


def _row(machine: MachineData, setting_id: str, score: SettingScore) -> dict[str, Any]:
    row: dict[str, Any] = {"setting_id": setting_id, "setting": setting_text(score.setting)}
    row |= {"machine_type": machine.machine_type, "machine_id": machine.machine_id, "data": machine.fingerprint}
    row |= {name: None if math.isnan(value) else value for name, value in zip(FIGURES, score.figures, strict=True)}
    ranks = None if score.clip_scores is None else ranks_of(score.clip_scores).astype("<u4").tobytes()
    return row | {"clip_ranks": ranks, "seconds": score.seconds, "error": score.error}


def ranks_of(scores: NDArray[np.floating[Any]]) -> NDArray[np.uint32]:
    """Dense ranks of scores (N,), from 0, equal scores alike: all that AUC and pAUC depend on."""
    return np.asarray(np.unique(scores, return_inverse=True)[1], np.uint32)


def _flat(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Tables as dotted fields: ``{"encoder.r": 1}``; an encoder's own options stand beside its other fields."""
    flat: dict[str, Any] = {}
    for table, fields in tables.items():
        fields = dict(fields)
        fields.update(json.loads(fields.pop("options", "{}")))
        fields.pop("batch_size", None)  # it changes no embedding
        flat |= _plain({f"{table}.{field}": value for field, value in fields.items()})
    return flat


def _plain(setting: Mapping[str, Any]) -> dict[str, Any]:
    """The same values with whole floats as integers: 1.0 and 1 are the same setting."""
    return {
        key: int(value) if isinstance(value, float) and value.is_integer() else value for key, value in setting.items()
    }


def _read(store: Store, path: str, columns: Sequence[str]) -> pa.Table:
    try:
        return from_parquet(store.files.read(path), columns)
    except (FileNotFoundError, pa.ArrowException) as error:
        raise AsdError(
            f"{path} in the store is gone or broken: remove it and run the same command again, which evaluates its "
            "settings anew"
        ) from error
