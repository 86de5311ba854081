"""One training as a value that any process can carry out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    from asd_core.training.step import TrainedModel
    from asd_core.training.world import World


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """All that a worker must know of a training.

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

    @property
    def encoder(self) -> EncoderConfig:
        """How much of a clip is heard."""
        return encoder_config(self.table)


def run_job(
    job: TrainingJob,
    new_source: Callable[[TrainingJob, int], Source],
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
        model = new_model(job)
        done = train(
            model,
            TrainingPlan(job.config, job.indices, world.size if world is not None else 1),
            new_source(job, int(model.network.sample_rate)),  # type: ignore[arg-type]
            Checkpoints(job.store_url, job.folder),
            world=world,
            device=job.device,
            report=report,
        )
        done.network = facts_of(model)
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


def decoded_here(job: TrainingJob, sample_rate: int) -> Source:
    """The waveforms of a job, decoded in this process."""
    from asd_core.training.waveforms import DecodedWaveforms

    return DecodedWaveforms(job.clips, job.encoder, sample_rate, job.config.seed)
