"""From the trained tensors of a fine-tuning to a generator that every command finds by its name."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.store.store import Store
from asd_core.store.tables import to_parquet
from asd_core.synthesis.audioldm.stored_generator import (
    GENERATOR_FILE,
    HEARD,
    StoredGenerator,
    described,
    generator_folder,
)
from asd_core.training.history import HistoryRow, history_bytes


def publish_generator(
    store: Store,
    name: str,
    config: GeneratorConfig,
    pairs: pa.Table,
    tensors: bytes,
    history: Sequence[HistoryRow],
    types: tuple[tuple[str, ...], tuple[str, ...]],
) -> tuple[str, StoredGenerator]:
    """Write a generator into the store, its description last; `point_to_generator` gives it its name.

    Args:
        store: where it goes.
        name: of the generator.
        config: of the recipe.
        pairs: the clips that it heard, with their captions.
        tensors: of a safetensors file; empty where nothing was trained.
        history: the course of the training.
        types: machine types, of references and of targets.

    Returns:
        Its folder in the store, and its description.
    """
    from safetensors.torch import load

    made = described(config, load(tensors) if tensors else {}, *types)
    folder = generator_folder(name, made.digest)
    if tensors:
        store.files.write(f"{folder}/{made.tensors}", tensors)
        store.files.write(f"{folder}/history.parquet", history_bytes(history))
    store.files.write(f"{folder}/heard.parquet", to_parquet(pairs.select(HEARD.names).cast(HEARD)))
    store.files.write(f"{folder}/{GENERATOR_FILE}", made.to_json())
    return folder, made


def point_to_generator(store: Store, name: str, folder: str, digest: str) -> None:
    """Give a generator its name, which another one may have had."""
    store.name_generator(name, {"kind": "audioldm", "folder": folder, "digest": digest})
