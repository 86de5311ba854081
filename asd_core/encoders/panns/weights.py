"""Weights of Cnn14: a published checkpoint by its path, or random ones for trials. Tensors only, never a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from asd_core.encoders.clap.weights import digest, is_random, load_checkpoint, seed_of
from asd_core.errors import AsdError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from asd_core.encoders.panns.network import Cnn14

FILE = "Cnn14_mAP=0.431.pth"
ADVICE = f"download {FILE} from zenodo.org/records/3987831 and give its path as encoder.weights"


def load_network(source: str) -> Cnn14:
    """The network with its weights, in eval mode.

    Args:
        source: ``random``, ``random:7``, or the path of a checkpoint or of a folder that holds one of the public name.

    Raises:
        UsageError: there is no such file.
        AsdError: it is no checkpoint of Cnn14.
    """
    import torch

    from asd_core.encoders.panns.network import Cnn14, from_published, random_network

    if is_random(source):
        return random_network(seed_of(source)).eval()
    path = checkpoint_path(source)
    with torch.device("meta"):  # no weights are drawn that the checkpoint's would replace
        network = Cnn14()
    found = from_published(_tensors(path))
    for name, wanted in network.state_dict().items():
        shape = tuple(found[name].shape) if name in found else None
        if shape != tuple(wanted.shape):
            has = "lacks the tensor" if shape is None else f"has another shape {shape} of the tensor"
            raise AsdError(f"{path} {has} {name} {tuple(wanted.shape)} of Cnn14: {ADVICE}")
        found[name] = found[name].to(wanted.dtype)
    network.load_state_dict(found, assign=True)
    return network.eval()


def weights_digest(source: str) -> str:
    """Hash of the tensors of a source, or ``random:<seed>``; errors are those of `load_network`."""
    if is_random(source):
        return f"random:{seed_of(source)}"
    path = checkpoint_path(source)
    status = path.stat()
    return _digest(str(path), status.st_size, status.st_mtime_ns)


def checkpoint_path(source: str) -> Path:
    """The file of a source that is not random.

    Raises:
        UsageError: there is no such file.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        path = path / FILE
    if not source or not path.is_file():
        raise UsageError(f"weights = {source!r}: there is no such file; {ADVICE}, or random for a trial")
    return path


@lru_cache(maxsize=4)
def _digest(source: str, _size: int, _modified: int) -> str:
    return digest(load_network(source).state_dict())


def _tensors(path: Path) -> dict[str, Tensor]:
    import torch

    loaded = load_checkpoint(path)
    state = loaded.get("model", loaded) if isinstance(loaded, Mapping) else {}
    named = state.items() if isinstance(state, Mapping) else ()
    return {name: value for name, value in named if isinstance(name, str) and isinstance(value, torch.Tensor)}
