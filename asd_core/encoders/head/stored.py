"""Trained heads in a store, beside trained encoders.

    trained/<NAME>/<digest>/encoder.json         as for a trained encoder; its ``encoder`` table is a head's
    trained/<NAME>/<digest>/<hash>.safetensors   `asd_core.encoders.head.arrays` of one head

The table has ``kind = "head"``, ``embeddings`` (the complete ``[encoder]`` of the embeddings that go in), and a list
``heads``: the machine type that each is for ("" for all), its classes, and the classes of each machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.checkpoint_files import ENCODER_FILE, Checkpoint, TrainedEncoder, read_trained
from asd_core.encoders.head.arrays import HeadArrays, output_dim
from asd_core.errors import AsdError
from asd_core.store.addresses import open_files
from asd_core.store.files import Files
from asd_core.store.layout import safe_name

KIND = "head"
HELD_OUT = "held_out"
"""Array (n,) uint64 of `clip_hash` of the clips that a head was not trained on."""


@dataclass(frozen=True)
class StoredHead:
    """One machine's head.

    Attributes:
        arrays: see `asd_core.encoders.head.arrays`.
        own_classes: numbers of the machine's classes; empty for a machine that the head was not trained on.
        held_out: `clip_hash` of the clips that it was not trained on.
    """

    arrays: HeadArrays
    own_classes: Sequence[int]
    held_out: NDArray[np.uint64]


def read_head(folder: str, machine_type: str, machine_id: str) -> StoredHead:
    """The head of a machine.

    Raises:
        UsageError: the folder holds none.
        AsdError: files that are gone or changed, or a machine type that no head was trained for.
    """
    trained = described_head(folder)
    heads = trained.encoder["heads"]
    number = next((n for n, one in enumerate(heads) if one["machine_type"] in ("", machine_type)), None)
    if number is None:
        known = ", ".join(one["machine_type"] for one in heads)
        raise AsdError(f"the head {folder} was trained on {known}, not on {machine_type}: train it again with all")
    arrays = dict(_read_arrays(folder, trained.checkpoints[number].file))
    held_out = arrays.pop(HELD_OUT)
    own = heads[number]["machines"].get(machine_type, {}).get(machine_id, [])
    return StoredHead(arrays, tuple(own), held_out)


def described_head(folder: str) -> TrainedEncoder:
    """The description of a folder's heads; no array is read for it.

    Raises:
        UsageError: the folder holds none.
        AsdError: it holds a trained encoder that takes recordings.
    """
    trained = read_trained(folder)
    if trained.encoder.get("kind") != KIND:
        raise AsdError(f"embedding.head = {folder!r} is a trained encoder and no head: name it with --encoder")
    return trained


@lru_cache(maxsize=16)
def _read_arrays(folder: str, file: str) -> HeadArrays:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    files = open_files(folder)
    try:
        data = files.read(file)
        if bytes_digest(data) != file.partition(".")[0]:
            raise ValueError("its bytes have changed")
        return load(data)
    except (OSError, ValueError, SafetensorError) as error:
        raise AsdError(f"{files.address(file)} cannot be read ({error}): run asd train again") from error


@dataclass(frozen=True)
class NewHead:
    """A head to be stored.

    Attributes:
        machine_type: of the machines that it is for; "" for all.
        classes: names, in the order of their numbers.
        machines: machine type → machine id → numbers of the machine's classes.
        arrays: see `asd_core.encoders.head.arrays`.
        held_out: ids of the clips that it was not trained on.
    """

    machine_type: str
    classes: Sequence[str]
    machines: Mapping[str, Mapping[str, Sequence[int]]]
    arrays: HeadArrays
    held_out: Sequence[str] = ()

    def to_bytes(self) -> bytes:
        """The bytes of its file."""
        from safetensors.numpy import save

        held_out = np.array(sorted({clip_hash(one) for one in self.held_out}), np.uint64)
        tensors = {**self.arrays, HELD_OUT: held_out}
        return save({name: np.ascontiguousarray(array) for name, array in tensors.items()})


def write_heads(
    store: Files,
    name: str,
    embeddings: Mapping[str, Any],
    heads: Sequence[NewHead],
    training: Mapping[str, Any],
    note: str = "",
) -> tuple[str, TrainedEncoder]:
    """Write heads into a store, ``encoder.json`` last; the same heads are the same folder.

    Args:
        store: its files.
        name: under which they are kept.
        embeddings: the complete ``[encoder]`` table of the embeddings that go in.
        heads: none for the same machine type twice.
        training: the ``[training]`` table, defaults filled in.
        note: one line that must be said wherever they are used.

    Returns:
        Their folder in the store, and their description.
    """
    data = [head.to_bytes() for head in heads]
    files = [f"{bytes_digest(one)}.safetensors" for one in data]
    told = [{field: getattr(head, field) for field in ("machine_type", "classes", "machines")} for head in heads]
    table = {"kind": KIND, "embeddings": dict(embeddings), "heads": told}
    digest = bytes_digest(json.dumps([table, files], sort_keys=True).encode())
    folder = f"trained/{safe_name(name)}/{digest}"
    described = TrainedEncoder(
        digest=digest,
        encoder=table,
        checkpoints=tuple(Checkpoint(file, head.machine_type) for file, head in zip(files, heads, strict=True)),
        embedding_dim=output_dim(heads[0].arrays),
        sample_rate=0,
        classes=tuple(name for head in heads for name in head.classes),
        training=training,
        note=note,
    )
    for file, one in zip(files, data, strict=True):
        store.write(f"{folder}/{file}", one)
    store.write(f"{folder}/{ENCODER_FILE}", described.to_json())
    return folder, described


def bytes_digest(data: bytes) -> str:
    """16 hex digits that name these bytes, and their file."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def clip_hash(clip_id: str) -> int:
    """64 bits that stand for a clip."""
    return int.from_bytes(hashlib.blake2b(clip_id.encode(), digest_size=8).digest(), "little")


def is_held_out(held_out: NDArray[np.uint64], clip_ids: Sequence[str]) -> NDArray[np.bool_]:
    """True for clips that are known not to have been trained on, (N,)."""
    return np.isin(np.array([clip_hash(one) for one in clip_ids], np.uint64), held_out)
