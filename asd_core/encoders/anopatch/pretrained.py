"""The weights that a backbone starts from: random ones, a checkpoint of BEATs, or a model of the Hugging Face hub.

Written in a recipe as ``random`` or ``random:7`` (seeded, for trial runs), as ``hub`` (the public weights that the
paper compares), as ``owner/name`` of a repository on the hub, or as a path: of a ``.pt`` file of BEATs or EfficientAT,
or of a folder with a hub model's files. BEATs is on no hub: its authors share files. Only tensors are loaded, never a
pickle.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asd_core.encoders.anopatch.shapes import BEATS, EFFICIENTAT, SHAPES, dropout_settings, shape_settings
from asd_core.encoders.clap.weights import HUB, RANDOM, from_hub, is_random, seed_of
from asd_core.errors import AsdError, UsageError

if TYPE_CHECKING:
    from torch import nn

_TENSORS = ("model.safetensors", "pytorch_model.bin")
_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)
_BEATS_INSTEAD = (
    "BEATs is on no hub: download BEATs_iter3.pt by the links of github.com/microsoft/unilm/tree/master/beats and give "
    'its path as encoder.weights, or take "random" for a trial'
)
_HUB_INSTEAD = 'download it elsewhere and give the folder as encoder.weights, or take "random" for a trial'


def new_backbone(
    kind: str, weights: str, seed: int, *, size: str = "full", shape: str = "", dropout: float | None = None
) -> nn.Module:
    """A backbone with the weights that it starts from, see `asd_core.encoders.anopatch.network.AnopatchNetwork`.

    Args:
        kind: of `SHAPES`.
        weights: see the head of this file.
        seed: of ``random`` without a number.
        size: see `shape_settings`, as the next.
        shape: likewise.
        dropout: see `dropout_settings`.

    Raises:
        UsageError: there are no such weights.
        AsdError: they cannot be had, or are of another network or shape.
    """
    import torch

    settings, dropouts = shape_settings(kind, size, shape), dropout_settings(kind, dropout)
    if is_random(weights) and ":" not in weights:
        weights = f"{RANDOM}:{seed}"
    if kind == EFFICIENTAT:
        from asd_core.encoders.anopatch.efficientat import EfficientAtTokens
        from asd_core.encoders.efficientat.weights import load_network

        return EfficientAtTokens(load_network(weights, settings["network"]))
    if is_random(weights):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(weights))
            return _random(kind, {**settings, **dropouts})
    if kind == BEATS:
        from asd_core.encoders.anopatch.beats import beats_from_checkpoint

        return beats_from_checkpoint(_beats_file(weights), settings, dropouts)
    from asd_core.encoders.anopatch.hub_models import stored_model

    return stored_model(kind, _hub_folder(kind, weights), settings, dropouts)


def weights_digest(kind: str, weights: str, size: str = "full", shape: str = "") -> str:
    """Names the weights of a backbone: the seed and the shape, or a hash of the files. No network is made for it.

    Raises:
        UsageError: there are no such weights.
        AsdError: they cannot be had.
    """
    if kind == EFFICIENTAT:
        from asd_core.encoders.efficientat.weights import features_digest

        return features_digest(weights, shape_settings(kind, size, shape)["network"])
    if is_random(weights):
        return f"random:{seed_of(weights)} {json.dumps(shape_settings(kind, size, shape), sort_keys=True)}"
    files = [_beats_file(weights)] if kind == BEATS else _hub_files(_hub_folder(kind, weights))
    return _files_digest(tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files))


def _random(kind: str, settings: Mapping[str, Any]) -> nn.Module:
    if kind == BEATS:
        from asd_core.encoders.anopatch.beats import Beats

        return Beats(settings)
    from asd_core.encoders.anopatch.hub_models import random_model

    return random_model(kind, settings)


def _beats_file(weights: str) -> Path:
    if weights == HUB:
        raise UsageError(f"weights = {weights!r}: {_BEATS_INSTEAD}")
    path = Path(weights).expanduser()
    if not path.is_file():
        raise UsageError(f"weights = {weights!r}: there is no such file; {_BEATS_INSTEAD}")
    return path


def _hub_folder(kind: str, weights: str) -> Path:
    """The folder of a hub model on this machine, downloaded once where it is named by its repository."""
    path = Path(weights).expanduser()
    if path.is_dir():
        return path
    if weights != HUB and not _REPOSITORY.fullmatch(weights):
        raise UsageError(
            f"weights = {weights!r}: there is no such folder; name one with config.json and model.safetensors, "
            'owner/name of the hub, "hub" or "random"'
        )
    repository = SHAPES[kind].repository if weights == HUB else weights
    folder = from_hub(repository, "config.json", _HUB_INSTEAD).parent
    for number, name in enumerate(_TENSORS, 1):
        try:
            from_hub(repository, name, _HUB_INSTEAD)
            break
        except AsdError:
            if number == len(_TENSORS):
                raise
    with suppress(AsdError):  # where it has none, the kind's own normalisation holds
        from_hub(repository, "preprocessor_config.json", _HUB_INSTEAD)
    return folder


def _hub_files(folder: Path) -> list[Path]:
    found = [file for file in (*(folder / name for name in _TENSORS), *folder.glob("model-*.safetensors"))]
    names = [folder / "config.json", folder / "preprocessor_config.json", *sorted(found)]
    return [file for file in names if file.is_file()]


@lru_cache(maxsize=8)
def _files_digest(files: tuple[tuple[str, int, int], ...]) -> str:
    hashed = hashlib.blake2b(digest_size=8)
    for path, size, _modified in files:
        hashed.update(f"{Path(path).suffix} {size}\n".encode())
        with Path(path).open("rb") as file:
            while block := file.read(1 << 22):
                hashed.update(block)
    return hashed.hexdigest()
