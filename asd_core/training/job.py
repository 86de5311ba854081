"""One training as a value that any process can carry out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.encoders.build import encoder_config
from asd_core.encoders.config import EncoderConfig
from asd_core.encoders.trainable import new_network
from asd_core.recipe.training_settings import TrainingConfig

if TYPE_CHECKING:
    from asd_core.training.checkpoints import Progressed
    from asd_core.training.loop import Report, Source
    from asd_core.training.step import LearningModel, TrainedModel
    from asd_core.training.waveforms import DecodedWaveforms
    from asd_core.training.world import World

BUDGET = 1 << 30
"""Bytes of decoded clips that a worker keeps for the next epoch."""


class AnyJob(Protocol):
    """All that a worker must know of a training, whatever it trains; a frozen dataclass that can be pickled."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def store_url(self) -> str:
        """The address of the store."""

    @property
    def folder(self) -> str:
        """The folder of this run's checkpoints in it."""

    @property
    def config(self) -> TrainingConfig:
        """The order of examples, the optimiser and its steps."""

    @property
    def clips(self) -> pa.Table:
        """Rows of CLIPS that can be decoded."""

    @property
    def indices(self) -> NDArray[np.int64]:
        """(N,) the class of each clip; -1 leaves it out."""

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""

    @property
    def cpus(self) -> int:
        """Threads of a worker on a CPU."""

    @property
    def save_epochs(self) -> bool:
        """Each epoch ends with a checkpoint."""

    @property
    def save_seconds(self) -> float:
        """The longest time between two checkpoints."""

    def new_model(self) -> LearningModel:
        """The network and its loss, as training begins."""

    def facts(self, model: Any) -> dict[str, Any]:
        """Facts on a network, its ``sample_rate`` (Hz) at least; see `asd_core.training.checkpoints.Progressed`."""

    def waveforms(self, clips: pa.Table, sample_rate: int, budget: int) -> DecodedWaveforms:
        """Decodes batches of clips, rows of CLIPS, as the network hears them, and keeps so many bytes of them."""


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """The training of an encoder, see `AnyJob`.

    Attributes:
        store_url: of the store.
        folder: of this run's checkpoints in it.
        table: the complete ``[encoder]`` table that the network is made from.
        config: of the recipe.
        clips: rows of CLIPS that can be decoded.
        indices: (N,) the class of each; -1 for none.
        n_classes: C.
        device: ``cpu`` or ``cuda``.
        cpus: threads of a worker on a CPU.
    """

    store_url: str
    folder: str
    table: Mapping[str, Any]
    config: TrainingConfig
    clips: pa.Table
    indices: NDArray[np.int64]
    n_classes: int
    device: str = "cpu"
    cpus: int = 1
    save_epochs: ClassVar[bool] = True
    save_seconds: ClassVar[float] = 300.0

    @property
    def encoder(self) -> EncoderConfig:
        """How much of a clip is heard."""
        return encoder_config(self.table)

    def new_model(self) -> TrainedModel:
        """See `AnyJob.new_model`."""
        return new_model(self)

    def facts(self, model: TrainedModel) -> dict[str, Any]:
        """See `AnyJob.facts`."""
        return facts_of(model)

    def waveforms(self, clips: pa.Table, sample_rate: int, budget: int) -> DecodedWaveforms:
        """See `AnyJob.waveforms`."""
        from asd_core.training.waveforms import DecodedWaveforms

        return DecodedWaveforms(clips, self.encoder, sample_rate, self.config.seed, budget)


def run_job(
    job: AnyJob,
    new_source: Callable[[Any, int], Source],
    world: World | None = None,
    report: Report | None = None,
) -> Progressed:
    """Train, from the last checkpoint on; see `asd_core.training.loop.train`.

    Args:
        job: to carry out.
        new_source: the source of inputs, from the job and the sample rate (Hz).
        world: the workers; None for one.
        report: told after each step.
    """
    import torch

    from asd_core.training.checkpoints import Checkpoints
    from asd_core.training.loop import train
    from asd_core.training.plan import TrainingPlan

    threads = torch.get_num_threads()
    torch.set_num_threads(job.cpus)
    try:
        model = job.new_model()
        facts = job.facts(model)
        done = train(
            model,
            TrainingPlan(job.config, job.indices, world.size if world is not None else 1),
            new_source(job, facts["sample_rate"]),
            Checkpoints(job.store_url, job.folder),
            world=world,
            device=job.device,
            report=report,
            save_seconds=job.save_seconds,
            save_epochs=job.save_epochs,
        )
        done.network = facts
        return done
    finally:
        torch.set_num_threads(threads)


def new_model(job: TrainingJob) -> TrainedModel:
    """The network and its losses, as training begins.

    Raises:
        UsageError: settings that do not go together, or with this network.
    """
    from asd_core.training.heads import new_heads
    from asd_core.training.parts import prepare
    from asd_core.training.step import TrainedModel

    network = new_network(job.table, job.config.seed)
    prepare(network, job.config)
    heads = new_heads(job.config, network.branch_dims, job.n_classes, job.config.seed)  # type: ignore[arg-type]
    return TrainedModel(network, heads, job.config)


def facts_of(model: TrainedModel) -> dict[str, Any]:
    """Facts on a network; see `asd_core.training.checkpoints.Progressed`."""
    counts = [(value.numel(), value.requires_grad) for value in model.network.parameters()]
    return {
        "sample_rate": int(model.network.sample_rate),  # type: ignore[arg-type]
        "branch_dims": [int(length) for length in model.network.branch_dims],  # type: ignore[union-attr]
        "parameters": sum(count for count, _ in counts),
        "trained": sum(count for count, is_trained in counts if is_trained),
    }


def decoded_here(job: AnyJob, sample_rate: int) -> Source:
    """The waveforms of a job, decoded in this process."""
    return job.waveforms(job.clips, sample_rate, BUDGET)
