"""Resources of tasks and actors on the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
