"""Checkpoints of a training under way: what it goes on from after a break.

    trained/<name>/under_way/<run id>/state.json               how far it is, its course, and the file of its tensors
    trained/<name>/under_way/<run id>/state-<step>.safetensors network, losses and optimiser
    trained/<name>/under_way/<run id>/epoch-<epoch>.safetensors the network alone, of an epoch to be kept

``state.json`` is written last and replaced as a whole, so that it always names tensors that are there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from asd_core.encoders.checkpoint_files import load_tensors
from asd_core.errors import AsdError
from asd_core.store.addresses import open_files
from asd_core.training.history import HistoryRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor
    from torch.nn import Module
    from torch.optim import Optimizer

STATE = "state.json"
_OPTIMISER = "optimiser."


@dataclass
class Progressed:
    """How far a training is.

    Attributes:
        step: steps of the optimiser that are done.
        history: its course so far.
        kept: epoch → file of the network's tensors.
        loss: sum and number of the losses since the last row of the course.
        lost: clip id → why it could not be read any more while it was to be trained on.
        network: its ``sample_rate`` (Hz), ``branch_dims``, and how many ``parameters`` it has and are ``trained``.
    """

    step: int = 0
    history: list[HistoryRow] = field(default_factory=list)
    kept: dict[int, str] = field(default_factory=dict)
    loss: tuple[float, int] = (0.0, 0)
    lost: dict[str, str] = field(default_factory=dict)
    network: dict[str, Any] = field(default_factory=dict)


class Checkpoints:
    """The checkpoints of one run.

    Args:
        store_url: of the store.
        folder: of the run in it.
    """

    def __init__(self, store_url: str, folder: str) -> None:
        self._files = open_files(store_url)
        self.folder = folder

    def save(self, model: Module, optimiser: Optimizer, progressed: Progressed) -> None:
        """Keep all that the rest of the training depends on; the checkpoint before is removed.

        Raises:
            AsdError: it cannot be written; the checkpoint before is still there.
        """
        name = f"state-{progressed.step}.safetensors"
        tensors = dict(model.state_dict())
        for number, values in optimiser.state_dict()["state"].items():
            tensors |= {f"{_OPTIMISER}{number}.{key}": value for key, value in values.items()}
        self._files.write(f"{self.folder}/{name}", tensor_bytes(tensors))
        kept = {str(epoch): file for epoch, file in progressed.kept.items()}
        state = vars(progressed) | {"kept": kept, "tensors": name}
        self._files.write(f"{self.folder}/{STATE}", json.dumps(state).encode())
        for info in self._files.list(self.folder):
            if "/state-" in info.path and not info.path.endswith(f"/{name}"):
                self._files.delete(info.path)

    def load(self, model: Module, optimiser: Optimizer) -> Progressed:
        """Put the last checkpoint into a new model and its optimiser; nothing changes where there is none.

        Raises:
            AsdError: it is broken, or of another network.
        """
        from safetensors.torch import load

        if (state := self._state()) is None:
            return Progressed()
        path = f"{self.folder}/{state.pop('tensors')}"
        try:
            tensors = load(self._files.read(path))
        except Exception as error:  # the file system's and the format's own errors, which have no common class
            raise self._broken(path) from error
        own = {name: value for name, value in tensors.items() if not name.startswith(_OPTIMISER)}
        load_tensors(model, own, self._files.address(path))
        values: dict[int, dict[str, Tensor]] = {}
        for name in tensors.keys() - own.keys():
            number, _, key = name.removeprefix(_OPTIMISER).partition(".")
            values.setdefault(int(number), {})[key] = tensors[name]
        optimiser.load_state_dict({"state": values, "param_groups": optimiser.state_dict()["param_groups"]})
        kept = {int(epoch): file for epoch, file in state.pop("kept").items()}
        return Progressed(**{**state, "kept": kept, "loss": tuple(state["loss"])})

    def keep(self, network: Module, epoch: int) -> str:
        """Keep the network's tensors after an epoch; returns the name of their file."""
        name = f"epoch-{epoch}.safetensors"
        self._files.write(f"{self.folder}/{name}", tensor_bytes(network.state_dict()))
        return name

    def read(self, name: str) -> bytes:
        """The bytes of a file of this run.

        Raises:
            AsdError: it is gone.
        """
        try:
            return self._files.read(f"{self.folder}/{name}")
        except OSError as error:
            raise self._broken(f"{self.folder}/{name}") from error

    def progressed(self) -> Progressed:
        """How far the run is by its last checkpoint."""
        state = self._state() or {"tensors": ""}
        del state["tensors"]
        kept = {int(epoch): file for epoch, file in state.pop("kept", {}).items()}
        return Progressed(**{**state, "kept": kept})

    def remove(self) -> None:
        """Remove every file of this run."""
        for info in self._files.list(self.folder):
            self._files.delete(info.path)

    def _state(self) -> dict[str, Any] | None:
        path = f"{self.folder}/{STATE}"
        if not self._files.exists(path):
            return None
        try:
            return dict(json.loads(self._files.read(path)))
        except (ValueError, RecursionError) as error:
            raise self._broken(path) from error

    def _broken(self, path: str) -> AsdError:
        return AsdError(
            f"{self._files.address(path)} is gone or broken: remove {self._files.address(self.folder)}, and the same "
            "command trains from the start"
        )


def tensor_bytes(tensors: Mapping[str, Tensor]) -> bytes:
    """Tensors as the bytes of a safetensors file."""
    from safetensors.torch import save

    return save({name: value.detach().cpu().contiguous() for name, value in tensors.items()})
