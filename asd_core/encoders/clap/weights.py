"""The sources of MS-CLAP's weights, and how they are loaded: tensors only, never a pickle that could run code.

A source is written in a recipe as ``hub`` (downloaded once from huggingface.co, then found in its cache), ``random``
or ``random:7`` (seeded, for trial runs: nothing is fetched), or the path of a ``.pth`` file or of a folder that holds
files of the hub's names. Nodes of a cluster read a path each for itself.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asd_core.errors import AsdError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

HUB = "hub"
RANDOM = "random"
CLAP_2023 = "CLAP_weights_2023.pth"
CLAPCAP_2023 = "clapcap_weights_2023.pth"

_REPOSITORY = "microsoft/msclap"
_ANSWER_SECONDS = 10.0  # for the hub to answer at all
_INSTEAD = (
    "download {name} from huggingface.co/" + _REPOSITORY + " elsewhere and give its path as encoder.weights (or "
    "captions.weights), or take the recipe clap-knn-random for a trial"
)


def is_random(source: str) -> bool:
    """True where a source asks for random weights."""
    return source == RANDOM or source.startswith(f"{RANDOM}:")


def seed_of(source: str) -> int:
    """The seed of a source of random weights: 0 for ``random``, 7 for ``random:7``.

    Raises:
        UsageError: what follows the colon is no whole number from 0 on.
    """
    text = source.removeprefix(RANDOM).removeprefix(":") or "0"
    if not (text.isascii() and text.isdigit()) or source == f"{RANDOM}:" or len(text) > 18:
        raise UsageError(f"weights = {source!r}: the seed must be a whole number, as in random:7")
    return int(text)


def random_note(source: str) -> str:
    """One line that a reader must be told of weights from this source; empty where they are trained ones."""
    if not is_random(source):
        return ""
    return f"random weights (seed {seed_of(source)}): a trial run, its scores and captions say nothing of a machine"


def find_checkpoint(source: str, name: str) -> Path:
    """The file of a source that is not random.

    Args:
        source: ``hub``, or the path of a file or folder.
        name: the file's name on the hub, and in a folder.

    Raises:
        UsageError: there is no such file.
        AsdError: it cannot be had from the hub.
    """
    if source == HUB:
        return from_hub(_REPOSITORY, name, _INSTEAD.format(name=name))
    path = Path(source).expanduser()
    if path.is_dir():
        path = path / name
    if not path.is_file():
        raise UsageError(f"weights = {source!r}: there is no file {path}; {_INSTEAD.format(name=name)}")
    return path


def read_checkpoint(source: str, name: str) -> dict[str, Tensor]:
    """Read a checkpoint's tensors, mapped into memory rather than copied, by their names in it.

    Args:
        source: ``hub``, or the path of a file or folder.
        name: the file's name on the hub, and in a folder.

    Raises:
        UsageError: there is no such file.
        AsdError: it cannot be had from the hub, or is no checkpoint of tensors.
    """
    import torch

    path = find_checkpoint(source, name)
    loaded = load_checkpoint(path)
    state = loaded.get("model", loaded) if isinstance(loaded, Mapping) else None
    named = state.items() if isinstance(state, Mapping) else ()
    tensors = {name: value for name, value in named if isinstance(name, str) and isinstance(value, torch.Tensor)}
    if not tensors:
        raise AsdError(f"{path} holds no named tensors: it is no checkpoint of MS-CLAP; {_INSTEAD.format(name=name)}")
    return tensors


def digest(tensors: Mapping[str, Tensor]) -> str:
    """Hash of names, types, shapes and bytes, in whatever order they come: 16 hex digits."""
    import torch

    hashed = hashlib.blake2b(digest_size=8)
    for name in sorted(tensors):
        tensor = tensors[name].detach().contiguous()
        hashed.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        hashed.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return hashed.hexdigest()


def load_checkpoint(path: Path) -> Any:
    """The contents of a checkpoint, tensors and plain values only, mapped into memory where its format allows it.

    Raises:
        AsdError: it is none, or holds anything that could run code.
    """
    import torch

    try:
        # Only the archive format of later versions can be mapped.
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # the unpickler meets a foreign file with errors of any kind
        why = str(error).strip().split("\n")[0].split(". ")[0]
        raise AsdError(
            f"{path} cannot be loaded as a checkpoint of tensors ({type(error).__name__}: {why}); anything that could "
            "run code is refused; is it the whole file, as downloaded?"
        ) from error


def from_hub(repository: str, name: str, instead: str) -> Path:
    """A file of the hub: the one in its cache, or else downloaded into it.

    Args:
        repository: such as ``microsoft/msclap``.
        name: of the file.
        instead: what the message of an error advises.

    Raises:
        AsdError: it can be had from neither.
    """
    from huggingface_hub import get_session, hf_hub_download
    from huggingface_hub.constants import ENDPOINT, HF_HUB_OFFLINE
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(repository, name, local_files_only=True))
    except LocalEntryNotFoundError:
        why = "HF_HUB_OFFLINE is set, and it is not in the cache"
    if not HF_HUB_OFFLINE:
        try:
            # The download itself tries for half a minute, with a line each time, where there is no network at all.
            get_session().head(ENDPOINT, timeout=_ANSWER_SECONDS)
            return Path(hf_hub_download(repository, name))
        except Exception as error:  # requests', urllib3's, the hub's own and the disk's: all mean that it is not there
            why = first_line(error)
    raise AsdError(f"cannot get the file {name} of {repository} from the hub ({why}); {instead}")


def first_line(error: BaseException) -> str:
    """The first line of the error that started it all: a wrapper only says that something happened."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return str(error).strip().split("\n")[0] or type(error).__name__
