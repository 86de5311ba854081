"""The weights that a backbone starts from: random ones, a checkpoint of BEATs, or a model of the Hugging Face hub.

Written in a recipe as ``random`` or ``random:7`` (seeded, for trial runs), as ``hub`` (the public weights that the
paper compares), as ``owner/name`` of a repository on the hub, or as a path: of BEATs' ``.pt`` file, or of a folder with
a hub model's files. BEATs is on no hub: its authors share files. Tensors only are loaded, never a pickle.
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

from asd_core.encoders.clap.weights import HUB, first_line, from_hub, is_random, seed_of
from asd_core.errors import AsdError, UsageError

if TYPE_CHECKING:
    from torch import nn

BEATS = "beats"
BACKBONES = (BEATS, "ast", "wav2vec2", "hubert", "unispeech", "wavlm")
_TENSORS = ("model.safetensors", "pytorch_model.bin")
_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)
_BEATS_INSTEAD = (
    "BEATs is on no hub: download BEATs_iter3.pt by the links of github.com/microsoft/unilm/tree/master/beats and give "
    'its path as encoder.weights, or take "random" for a trial'
)
_HUB_INSTEAD = 'download it elsewhere and give the folder as encoder.weights, or take "random" for a trial'


def new_backbone(kind: str, weights: str, size: str, seed: int) -> nn.Module:
    """A backbone with the weights that it starts from, see `asd_core.encoders.anopatch.network.AnopatchNetwork`.

    Args:
        kind: one of `BACKBONES`.
        weights: see the head of this file.
        size: ``full`` or ``tiny``, of random weights; others have the size that they have.
        seed: of ``random`` without a number.

    Raises:
        UsageError: there are no such weights.
        AsdError: they cannot be had, or are of another network.
    """
    import torch

    if is_random(weights):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(weights) if ":" in weights else seed)
            return _random(kind, size)
    if kind == BEATS:
        from asd_core.encoders.anopatch.beats import beats_from_checkpoint

        return beats_from_checkpoint(_beats_file(weights))
    return _hub_model(kind, _hub_folder(kind, weights))


def weights_digest(kind: str, weights: str, size: str) -> str:
    """Names the weights of a backbone: their seed and size, or a hash of their files. No network is made for it.

    Raises:
        UsageError: there are no such weights.
        AsdError: they cannot be had.
    """
    if is_random(weights):
        return f"random:{seed_of(weights)} {size}"
    files = [_beats_file(weights)] if kind == BEATS else _hub_files(_hub_folder(kind, weights))
    return _files_digest(tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files))


def _random(kind: str, size: str) -> nn.Module:
    if kind == BEATS:
        from asd_core.encoders.anopatch.beats import ITER3, TINY, Beats

        return Beats({"full": ITER3, "tiny": TINY}[size])
    from asd_core.encoders.anopatch.hub_models import random_model

    return random_model(kind, size)


def _beats_file(weights: str) -> Path:
    if weights == HUB:
        raise UsageError(f"weights = {weights!r}: {_BEATS_INSTEAD}")
    path = Path(weights).expanduser()
    if not path.is_file():
        raise UsageError(f"weights = {weights!r}: there is no such file; {_BEATS_INSTEAD}")
    return path


def _hub_folder(kind: str, weights: str) -> Path:
    """The folder of a hub model on this machine, downloaded once where it is named by its repository."""
    from asd_core.encoders.anopatch.hub_models import HUB_MODELS

    path = Path(weights).expanduser()
    if path.is_dir():
        return path
    if weights != HUB and not _REPOSITORY.fullmatch(weights):
        raise UsageError(
            f"weights = {weights!r}: there is no such folder; name one with config.json and model.safetensors, "
            'owner/name of the hub, "hub" or "random"'
        )
    repository = HUB_MODELS[kind].repository if weights == HUB else weights
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


def _hub_model(kind: str, folder: Path) -> nn.Module:
    """Load a model of a folder in the hub's layout, where it is of this kind.

    Raises:
        AsdError: it is of another kind, or its files do not fit.
    """
    import transformers

    from asd_core.encoders.anopatch.hub_models import DRAWS_NOTHING, HUB_MODELS

    spec = HUB_MODELS[kind]
    own_class = getattr(transformers, f"{spec.name}Model")
    settings = _json(folder / "config.json")
    expected = getattr(transformers, f"{spec.name}Config").model_type
    if settings.get("model_type") != expected:
        raise AsdError(
            f"{folder / 'config.json'} says model_type = {settings.get('model_type')!r}, not {expected!r}: is it a "
            f"model for encoder.backbone = {kind!r}?"
        )
    changes = {} if spec.is_ast else DRAWS_NOTHING
    try:
        model, found = own_class.from_pretrained(
            folder, local_files_only=True, output_loading_info=True, weights_only=True, **changes
        )
    except Exception as error:  # the format's, torch's and transformers' own errors, which have no common class
        raise AsdError(f"{folder} cannot be loaded as a model of {spec.name}: {first_line(error)}") from error
    if found["missing_keys"] or found["mismatched_keys"]:
        wrong = sorted([*found["missing_keys"], *found["mismatched_keys"]], key=str)[0]
        raise AsdError(f"{folder} lacks the tensor {wrong} of {spec.name}: is it the whole model?")
    said = _json(folder / "preprocessor_config.json")
    names = ("mean", "std") if spec.is_ast else ("do_normalize",)
    return spec.network(model, **{name: said[name] for name in names if name in said})


def _json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text()) if path.is_file() else {}
    except ValueError as error:
        raise AsdError(f"{path} cannot be read as JSON: {error}") from error
    return content if isinstance(content, dict) else {}
