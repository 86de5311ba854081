"""The store: where every stage's tables lie, and which of them are committed.

`asd_core.store.layout` lists its folders. Readers of scores open only files that a run record names, or a night's file
that is made of them, never whatever lies in the folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from asd_core.store.addresses import open_files
from asd_core.store.alarm_tables import AlarmTables
from asd_core.store.broken_files import json_object, named_if_broken, table_in
from asd_core.store.caption_tables import CaptionTables
from asd_core.store.embedding_tables import EmbeddingTables
from asd_core.store.label_tables import LabelTables
from asd_core.store.layout import safe_name
from asd_core.store.locks import lock_name, run_lock
from asd_core.store.maintenance_tables import MaintenanceTables
from asd_core.store.score_tables import ScoreTables
from asd_core.store.tables import CLIPS, INDEX, to_parquet

__all__ = ["INDEX", "Store", "open_store", "safe_name"]


_NAMED = pa.schema([CLIPS.field("uri"), CLIPS.field("clip_id")])


def _accept_any(description: Mapping[str, Any]) -> None:
    """Take the name from whatever has it."""


class Store(EmbeddingTables, ScoreTables, CaptionTables, AlarmTables, LabelTables, MaintenanceTables):
    """A store in a folder."""

    def write_clips(self, run_id: str, clips: pa.Table) -> str:
        """Keep a run's manifest; returns its path."""
        path = f"clips/{run_id}.parquet"
        self.files.write_new(path, to_parquet(clips))
        return path

    def read_clips(self, record: Mapping[str, Any]) -> pa.Table | None:
        """Uri and clip id of a run's manifest; None where it has none, or it is gone.

        Raises:
            AsdError: the manifest is broken.
        """
        path = record.get("clips")
        if path is None or not self.files.exists(path):
            return None
        mend = "restore it, or remove it and run asd embed again"
        return table_in(path, self.files.read(path), _NAMED, mend)

    def encoder_names(self) -> dict[str, Any]:
        """Name → description of embeddings that were imported, and of encoders that were trained."""
        return self._names("encoders.json")

    def name_encoder(
        self, name: str, description: Mapping[str, Any], accept: Callable[[Mapping[str, Any]], None] = _accept_any
    ) -> None:
        """Give a name to imported embeddings or a trained encoder; other names stay, whoever writes at the same time.

        Args:
            name: which another may have had.
            description: JSON values.
            accept: shown the description that the name has until now, where it has one; what it raises leaves it so.
        """
        self._name("encoders.json", name, description, accept)

    def generator_names(self) -> dict[str, Any]:
        """Name → description of fine-tuned generators: their ``folder`` and ``digest``."""
        return self._names("generators.json")

    def name_generator(self, name: str, description: Mapping[str, Any]) -> None:
        """Give a name to a fine-tuned generator, as `name_encoder` does to an encoder."""
        self._name("generators.json", name, description, _accept_any)

    def _names(self, file: str) -> dict[str, Any]:
        if not self.files.exists(file):
            return {}
        names = json_object(file, self.files.read(file))
        with named_if_broken(file):
            return {name: dict(description) for name, description in names.items()}

    def _name(
        self, file: str, name: str, description: Mapping[str, Any], accept: Callable[[Mapping[str, Any]], None]
    ) -> None:
        with run_lock(self.files, lock_name(file)):
            names = self._names(file)
            if name in names:
                accept(names[name])
            names[name] = dict(description)
            self.files.write(file, json.dumps(names, indent=1, sort_keys=True).encode())


def open_store(url: str) -> Store:
    """Open the store at a folder or address; it is made when something is first written."""
    return Store(open_files(url))
