"""The sources of EfficientAT's weights: the public release, a path, or random ones. Tensors only, never a pickle.

A file of the public release is fetched once into torch's cache of checkpoints (``TORCH_HOME``). It is taken only if its
SHA-256 is the known one; where none is known, only if every tensor has the name and the shape that the network has.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.request
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asd_core.encoders.clap.weights import HUB, digest, first_line, is_random, load_checkpoint, seed_of
from asd_core.encoders.efficientat.variants import Variant, variant
from asd_core.errors import AsdError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from asd_core.encoders.efficientat.mobilenet import MobileNet

RELEASE = "https://github.com/fschmid56/EfficientAT/releases/download/v0.0.1/"

_ANSWER_SECONDS = 10.0  # for the server to answer, and between two parts of a file
_PART = 1 << 20  # bytes
_CLASSIFIER = "classifier."


def network_tensors(source: str, name: str) -> dict[str, Tensor]:
    """All tensors of a network, those of its classifier among them.

    Args:
        source: ``hub``, ``random``, ``random:7``, or the path of a file or of a folder with the public file name.
        name: of the network (`asd_core.encoders.efficientat.variants`).

    Raises:
        UsageError: an unknown name, or no such file.
        AsdError: weights that cannot be had, or are those of another network.
    """
    from asd_core.encoders.efficientat.mobilenet import MobileNet

    wanted = variant(name)
    if is_random(source):
        return dict(random_network(wanted.width, seed_of(source)).state_dict())
    path = _path(source, wanted)
    found = _loaded(path)
    expected = {key: tuple(tensor.shape) for key, tensor in MobileNet(wanted.width).state_dict().items()}
    _check_shapes(path, name, found, expected)
    return found


def load_network(source: str, name: str) -> MobileNet:
    """The network with its weights, in eval mode; arguments and errors are those of `network_tensors`."""
    from asd_core.encoders.efficientat.mobilenet import MobileNet

    network = MobileNet(variant(name).width)
    network.load_state_dict(network_tensors(source, name))
    return network.eval()


def features_digest(source: str, name: str) -> str:
    """Hash of the tensors that reach a feature; errors are those of `network_tensors`."""
    return _digests(*_place(source, name))[0]


def classes_digest(source: str, name: str) -> str:
    """Hash of all tensors, those of the classifier among them; errors are those of `network_tensors`."""
    return _digests(*_place(source, name))[1]


def random_network(width: float, seed: int) -> MobileNet:
    """A network with random weights, the same for a seed wherever it is drawn, in eval mode."""
    import torch
    from torch import nn

    from asd_core.encoders.efficientat.mobilenet import MobileNet

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MobileNet(width)
        for module in network.modules():
            if isinstance(module, nn.Conv2d):  # torch's own rule lets signals vanish over so many layers
                nn.init.kaiming_normal_(module.weight)
    return network.eval()


def fetched(wanted: Variant, cache: Path, release: str = RELEASE) -> Path:
    """A file of the public release: the one in the cache, or else downloaded into it.

    Args:
        wanted: the network whose file it is.
        cache: folder for it.
        release: address before its name.

    Raises:
        AsdError: it can be had from neither, or has another SHA-256 than the known one.
    """
    path = cache / wanted.file
    if not path.is_file():
        try:
            _download(release + wanted.file, path)
        except (OSError, ValueError) as error:  # ValueError: an address that is none
            raise AsdError(
                f"cannot get {release}{wanted.file} ({first_line(error)}); download it elsewhere and give its path as "
                "encoder.weights"
            ) from error
    if wanted.sha256 and (found := hashlib.sha256(path.read_bytes()).hexdigest()) != wanted.sha256:
        raise AsdError(
            f"{path} is not the public file: its SHA-256 is {found[:16]}..., not {wanted.sha256[:16]}...; delete it to "
            "have it fetched again"
        )
    return path


def _download(address: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with urllib.request.urlopen(address, timeout=_ANSWER_SECONDS) as answer:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "wb") as file:
                while part := answer.read(_PART):
                    file.write(part)
            os.replace(name, path)  # at once: several processes may fetch it
        finally:
            Path(name).unlink(missing_ok=True)


def _path(source: str, wanted: Variant) -> Path:
    if source == HUB:
        import torch

        return fetched(wanted, Path(torch.hub.get_dir()) / "checkpoints")
    path = Path(source).expanduser()
    if path.is_dir():
        path = path / wanted.file
    if not path.is_file():
        raise UsageError(
            f"weights = {source!r}: there is no file {path}; write its path, or hub: it is then fetched from {RELEASE}"
        )
    return path


def _loaded(path: Path) -> dict[str, Tensor]:
    import torch

    state = load_checkpoint(path)
    named: Mapping[Any, Any] = state if isinstance(state, Mapping) else {}
    return {name: value for name, value in named.items() if isinstance(name, str) and isinstance(value, torch.Tensor)}


def _check_shapes(path: Path, name: str, found: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]]) -> None:
    for key in sorted(expected.keys() | found.keys()):
        shape = tuple(found[key].shape) if key in found else None
        if key not in expected:
            raise AsdError(f"{path} has the tensor {key!r}, which {name} has not: is it {variant(name).file}?")
        if shape != expected[key]:
            has = "lacks the tensor" if shape is None else f"has another shape {shape} of the tensor"
            raise AsdError(f"{path} {has} {key} {expected[key]} of {name}: is it {variant(name).file}?")


def _place(source: str, name: str) -> tuple[str, str, int, int]:
    """The place that a digest belongs to: it is taken anew where the file changes."""
    if is_random(source):
        return source, name, 0, 0
    path = _path(source, variant(name))
    status = path.stat()
    return str(path), name, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=8)
def _digests(source: str, name: str, _size: int, _modified: int) -> tuple[str, str]:
    tensors = network_tensors(source, name)
    features = {key: tensor for key, tensor in tensors.items() if not key.startswith(_CLASSIFIER)}
    return digest(features), digest(tensors)
