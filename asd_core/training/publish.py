"""From the last checkpoint of a training to an encoder that every command finds by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from asd_core.encoders.build import embeddings_fingerprint, encoder_config
from asd_core.encoders.checkpoint_files import ENCODER_FILE, Checkpoint, TrainedEncoder, tensors_digest
from asd_core.encoders.config import IMPORTED
from asd_core.encoders.trainable import begins_at_random
from asd_core.encoders.trained_options import digest_note
from asd_core.errors import UsageError
from asd_core.recipe.names import check_name_in_store
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.store.layout import safe_name
from asd_core.store.store import Store
from asd_core.training.checkpoints import Checkpoints, Progressed
from asd_core.training.history import history_bytes

HISTORY_FILE = "history.parquet"
_MADE = ("weights", "digest", "device", "batch_size", "name")
"""Keys of a table that say nothing of how the network is made."""


def check_free(store: Store, name: str) -> None:
    """Refuse a name that a trained encoder may not have.

    Raises:
        UsageError: characters that a folder's name may not hold, or a name of imported embeddings.
    """
    check_name_in_store("--as", name)
    if name in (names := store.encoder_names()):
        refuse_imported(name, names[name])


def refuse_imported(name: str, description: Mapping[str, Any]) -> None:
    """Raise UsageError where a name stands for imported embeddings.

    Args:
        name: of an encoder.
        description: of it in the store.
    """
    if description.get("kind", IMPORTED) == IMPORTED:
        raise UsageError(f"--as {name}: the store has imported embeddings of that name: take another one")


def under_way(name: str, run_id: str) -> str:
    """Folder of a run's checkpoints in the store."""
    return f"trained/{safe_name(name)}/under_way/{run_id}"


def publish(
    store: Store,
    name: str,
    table: Mapping[str, Any],
    config: TrainingConfig,
    classes: Sequence[str],
    checkpoints: Checkpoints,
    done: Progressed,
) -> tuple[str, TrainedEncoder]:
    """Write a trained encoder into the store, its description last; `point_to` gives it its name.

    Args:
        store: where it goes.
        name: of the encoder.
        table: the complete ``[encoder]`` table that training began with.
        config: of the training.
        classes: names of the classes.
        checkpoints: of the run.
        done: all of it.

    Returns:
        Its folder in the store, and its description.
    """
    from safetensors.torch import load

    files = {epoch: checkpoints.read(file) for epoch, file in sorted(done.kept.items())}
    digest = tensors_digest([load(data) for data in files.values()], begins_at_random(table))
    folder = f"trained/{safe_name(name)}/{digest}"
    kept = tuple(Checkpoint(f"epoch-{epoch}.safetensors", f"epoch {epoch}") for epoch in files)
    for one, data in zip(kept, files.values(), strict=True):
        store.files.write(f"{folder}/{one.file}", data)
    store.files.write(f"{folder}/{HISTORY_FILE}", history_bytes(done.history))
    trained = TrainedEncoder(
        digest,
        {key: value for key, value in table.items() if key not in _MADE},
        kept,
        len(kept) * sum(done.network["branch_dims"]),
        done.network["sample_rate"],
        tuple(classes),
        {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(config).items()},
        str(table.get("weights", "")),
        digest_note(digest),
    )
    store.files.write(f"{folder}/{ENCODER_FILE}", trained.to_json())
    return folder, trained


def point_to(store: Store, name: str, folder: str, trained: TrainedEncoder) -> str:
    """Give a trained encoder its name, which another one may have had; returns its embeddings' fingerprint."""
    table = {**trained.encoder, "weights": f"{store.files.url}/{folder}", "digest": trained.digest, "name": name}
    fingerprint = embeddings_fingerprint(encoder_config(table))
    entry = {
        "kind": trained.encoder["kind"],
        "fingerprint": fingerprint,
        "embedding_dim": trained.embedding_dim,
        "folder": folder,
    }
    store.name_encoder(name, entry, partial(refuse_imported, name))
    return fingerprint
