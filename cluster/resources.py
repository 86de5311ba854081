"""Resources of tasks and actors on the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from asd_core.errors import AsdError, UsageError

# A twelfth of the nightly job's deadline (infra/): less would cut short a shard of long recordings on a slow encoder.
NO_PROGRESS_SECONDS = 1800.0


@dataclass(frozen=True)
class Resources:
    """The resources of a run.

    Attributes:
        cpus_per_worker: logical CPUs of a decode task, a CPU encoder or a reducer.
        gpus_per_encoder: 0 embeds on CPUs; a fraction lets encoders share a GPU.
        encoders: largest number of encoder actors; None: one for every CPU (or GPU share) there is.
        decode: ``tasks`` decodes in separate CPU tasks, which feed encoders on GPUs; ``in-encoder`` decodes in the
            encoder's process, which saves a copy of every waveform where the encoder is on a CPU too; ``auto`` is
            ``tasks`` with GPUs and ``in-encoder`` without.
    """

    cpus_per_worker: float = 1.0
    gpus_per_encoder: float = 0.0
    encoders: int | None = None
    decode: Literal["auto", "tasks", "in-encoder"] = "auto"

    @property
    def on_gpu(self) -> bool:
        """True where encoders get a GPU or a share of one."""
        return self.gpus_per_encoder > 0

    @property
    def decodes_in_encoder(self) -> bool:
        """True where an encoder decodes its own clips."""
        return self.decode == "in-encoder" or (self.decode == "auto" and not self.on_gpu)


_LEAST = 1e-4  # that Ray tells apart from nothing


def refuse_amounts(cpus_per_worker: float, gpus_per_encoder: float) -> None:
    """Refuse amounts that Ray does not share out: parts of a GPU beside whole ones, and less than a ten thousandth.

    Raises:
        UsageError: the first of these.
    """
    for option, amount, what in (("--cpus-per-worker", cpus_per_worker, "CPU"), ("--gpus", gpus_per_encoder, "GPU")):
        if 0 < amount < _LEAST:
            raise UsageError(f"{option} {amount:g}: the least share of a {what} is {_LEAST:g}")
    if gpus_per_encoder > 1 and gpus_per_encoder != int(gpus_per_encoder):
        raise UsageError(
            f"--gpus {gpus_per_encoder:g}: above 1 there are only whole GPUs; an encoder computes on one, so take 1 or "
            "less"
        )


def refuse_too_small(nodes: Iterable[Mapping[str, float]], resources: Resources) -> None:
    """Refuse resources of a worker that no node has.

    Args:
        nodes: the resources of each node that lives, by Ray's names.
        resources: of the run.

    Raises:
        AsdError: every node is smaller.
    """
    nodes = list(nodes)
    gpus = max((node.get("GPU", 0.0) for node in nodes), default=0.0)
    if resources.gpus_per_encoder > gpus:
        cure = "lower --gpus, or join larger nodes" if gpus else "leave --gpus out, or join a cluster with GPUs"
        has = f"the largest node has {gpus:g}" if gpus else "the cluster has 0"
        raise AsdError(f"an encoder wants {resources.gpus_per_encoder:g} GPU, but {has}: {cure}")
    cpus = max((node.get("CPU", 0.0) for node in nodes), default=0.0)
    if 0 < cpus < resources.cpus_per_worker:  # a node that joins later is larger than none
        raise AsdError(
            f"a worker wants {resources.cpus_per_worker:g} CPUs, but the largest node has {cpus:g}: "
            "lower --cpus-per-worker, or join larger nodes"
        )
