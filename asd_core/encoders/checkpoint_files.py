"""Trained encoders as files: a folder with ``encoder.json`` and a file of tensors for each kept checkpoint.

    encoder.json             how the network is made, what it was trained on, and the digest of all its tensors
    epoch-12.safetensors     the network's tensors after epoch 12

``asd train`` writes such folders (`asd_core.training.checkpoints`); encoders read them. Tensors are safetensors, never
a pickle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from asd_core.encoders.trained_options import FROM_RANDOM
from asd_core.errors import AsdError, UsageError
from asd_core.store.addresses import open_files

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

ENCODER_FILE = "encoder.json"
FORMAT = 1
_TRAIN_AGAIN = "name another folder, or train it again with asd train"


@dataclass(frozen=True)
class Checkpoint:
    """One kept checkpoint: its file, and the name that its part of an embedding has, such as ``epoch 12``."""

    file: str
    name: str


@dataclass(frozen=True)
class TrainedEncoder:
    """The contents of ``encoder.json``.

    Attributes:
        digest: names all tensors of all checkpoints; 16 hex digits, after ``random-`` where training began from random
            weights in place of pretrained ones.
        encoder: the ``[encoder]`` table that the network is made from, defaults filled in; without weights and digest.
        checkpoints: in the order of their parts of an embedding.
        embedding_dim: of all checkpoints together.
        sample_rate: Hz.
        classes: names of the classes that it was trained to tell apart.
        training: the ``[training]`` table, defaults filled in.
        started_from: the ``weights`` that training began from.
        note: one line that must be said wherever its embeddings are used; "" where nothing must.
    """

    digest: str
    encoder: Mapping[str, Any]
    checkpoints: tuple[Checkpoint, ...]
    embedding_dim: int
    sample_rate: int
    classes: tuple[str, ...] = ()
    training: Mapping[str, Any] = field(default_factory=dict)
    started_from: str = ""
    note: str = ""

    def to_json(self) -> bytes:
        """The bytes of ``encoder.json``."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True).encode()


def tensors_digest(checkpoints: Sequence[Mapping[str, Tensor]], from_random: bool = False) -> str:
    """The digest of the tensors of several checkpoints, in their order (`TrainedEncoder.digest`)."""
    import torch

    hashed = hashlib.blake2b(digest_size=8)
    for tensors in checkpoints:
        for name in sorted(tensors):
            tensor = tensors[name].detach().cpu().contiguous()
            hashed.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            hashed.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
        hashed.update(b"\0")
    return (FROM_RANDOM if from_random else "") + hashed.hexdigest()


@lru_cache(maxsize=16)
def read_trained(folder: str) -> TrainedEncoder:
    """The description of a trained encoder; no tensor is read for it.

    Args:
        folder: its path, ``file://`` or ``s3://`` address.

    Raises:
        UsageError: there is none.
        AsdError: ``encoder.json`` is none of ours.
    """
    files = open_files(folder)
    try:
        data = files.read(ENCODER_FILE)
    except OSError as error:
        raise UsageError(
            f"weights = {folder!r}: there is no {ENCODER_FILE} in that folder: name one that asd train wrote"
        ) from error
    try:
        content = dict(json.loads(data))
        if content.pop("format") != FORMAT:
            raise AsdError(f"{files.address(ENCODER_FILE)} was written by a later version of asd: update this one")
        content["checkpoints"] = tuple(Checkpoint(**one) for one in content["checkpoints"])
        content["classes"] = tuple(content["classes"])
        return TrainedEncoder(**content)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise AsdError(
            f"{files.address(ENCODER_FILE)} is no description of a trained encoder: {_TRAIN_AGAIN}"
        ) from error


def read_tensors(folder: str, file: str) -> dict[str, Tensor]:
    """The tensors of one file of a folder, by name.

    Raises:
        AsdError: it is gone, or no file of tensors.
    """
    from safetensors.torch import load

    files = open_files(folder)
    try:
        return load(files.read(file))
    except Exception as error:  # the file system's and the format's own errors, which have no common class
        why = str(error).strip().split("\n")[0]
        raise AsdError(
            f"{files.address(file)} cannot be read as tensors ({type(error).__name__}: {why}): {_TRAIN_AGAIN}"
        ) from error


def load_tensors(network: Module, tensors: Mapping[str, Tensor], where: str) -> None:
    """Put tensors into a network that has exactly these.

    Args:
        network: whose parameters and buffers are replaced.
        tensors: by name.
        where: their file, for messages.

    Raises:
        AsdError: a tensor is missing, left over, or of another shape; the first of them is named.
    """
    own = network.state_dict()
    wrong = [f"{name} is missing" for name in own if name not in tensors]
    wrong += [f"{name} is none of this network's" for name in tensors if name not in own]
    wrong += [
        f"{name} has the shape {tuple(tensors[name].shape)}, the network's has {tuple(value.shape)}"
        for name, value in own.items()
        if name in tensors and tensors[name].shape != value.shape
    ]
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise AsdError(
            f"{where} is a checkpoint of another network: {wrong[0]}{more}; take the [encoder] that it was trained with"
        )
    network.load_state_dict(dict(tensors))


def trained_networks(
    folder: str, digest: str, new_network: Callable[[Mapping[str, Any], int], Module]
) -> list[tuple[str, Module]]:
    """The name and the network, in eval mode, of each checkpoint of a trained encoder.

    Args:
        folder: that ``asd train`` wrote.
        digest: that its tensors must have; "" takes any.
        new_network: see `asd_core.encoders.protocol.TrainableEncoder`.

    Raises:
        AsdError: files that are gone, broken or of another network, or tensors of another digest.
    """
    trained = read_trained(folder)
    read = [read_tensors(folder, one.file) for one in trained.checkpoints]
    found = tensors_digest(read, trained.digest.startswith(FROM_RANDOM))
    if found not in (digest or found,) or found != trained.digest:
        raise AsdError(f"the tensors in {folder} are not those that were trained ({trained.digest}): {_TRAIN_AGAIN}")
    networks = []
    for one, tensors in zip(trained.checkpoints, read, strict=True):
        network = new_network({**trained.encoder, "weights": "random"}, 0)
        load_tensors(network, tensors, f"{folder}/{one.file}")
        networks.append((one.name, network.eval()))
    return networks


def trained_table(folder: str) -> dict[str, Any]:
    """The complete ``[encoder]`` table by which a recipe uses a trained encoder.

    Raises:
        UsageError: the folder holds none.
    """
    trained = read_trained(folder)
    return {**trained.encoder, "weights": folder, "digest": trained.digest}
