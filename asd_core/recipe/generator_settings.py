"""The `[generator]` table of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from asd_core.errors import UsageError
from asd_core.settings import check_integer, check_number


@dataclass(frozen=True)
class GeneratorConfig:
    """A recipe's ``[generator]``: how a text-to-audio model is fine-tuned on machine sound and makes clips.

    No KEY depends on it: generated clips are clips like any other, with checksums of their own.

    Attributes:
        kind: ``audioldm`` (Liu et al. 2023).
        size: of the network: ``small``, ``medium`` or ``large`` as published, or ``tiny`` for a trial.
        weights: ``hub``, the folder of a published pipeline, ``random`` or ``random:7``.
        trains: weights that fine-tuning moves: the whole ``unet``, low-rank additions to it (``lora``), or ``nothing``.
        lora_rank: of these additions.
        steps: of the optimiser.
        batch_size: clips of a batch, of all workers together.
        accumulation: batches whose gradients are added up for one step.
        learning_rate: of AdamW.
        weight_decay: of AdamW.
        warmup_steps: first steps, in which the learning rate rises from 0.
        clip_gradient: longest gradient, longer ones are shortened to it; 0 shortens none.
        unconditional: probability of each clip that it is learned without its caption.
        precision: ``float32``, or ``bf16`` for the network where autocast allows it.
        peak: largest magnitude that each training clip is brought to, after its mean is removed.
        seconds: length of training clips and of generated ones.
        clips: generated for each machine and condition.
        domains: how they are spread over domains: ``as-recorded``, in proportion to the machine's real normal
            recordings, or ``equal``.
        ddim_steps: steps of the sampler for each clip.
        guidance: weight of the caption against no caption; 1 is without guidance.
        candidates: clips made for each that is kept: the one that a CLAP model finds closest to its caption.
        clap_weights: of that CLAP model: ``hub``, the folder of a published one, ``random`` or ``random:7``.
        generate_batch: candidates that are made at once.
        seed: of everything random.
    """

    kind: Literal["audioldm"] = "audioldm"
    size: Literal["tiny", "small", "medium", "large"] = "medium"
    weights: str = "hub"
    trains: Literal["unet", "lora", "nothing"] = "unet"
    lora_rank: int = 8
    steps: int = 10_000
    batch_size: int = 2
    accumulation: int = 1
    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    warmup_steps: int = 2000
    clip_gradient: float = 0.0
    unconditional: float = 0.1
    precision: Literal["float32", "bf16"] = "float32"
    peak: float = 0.5
    seconds: float = 10.24
    clips: int = 100
    domains: Literal["as-recorded", "equal"] = "as-recorded"
    ddim_steps: int = 200
    guidance: float = 3.5
    candidates: int = 3
    clap_weights: str = "hub"
    generate_batch: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise UsageError for values that make no sense."""
        counts = ("lora_rank", "steps", "batch_size", "accumulation", "clips", "ddim_steps", "candidates")
        for name in (*counts, "generate_batch"):
            check_integer(f"generator.{name}", getattr(self, name), 1)
        for name in ("warmup_steps", "seed"):
            check_integer(f"generator.{name}", getattr(self, name), 0)
        for name in ("learning_rate", "seconds"):
            check_number(f"generator.{name}", getattr(self, name), 0)
        for name in ("weight_decay", "clip_gradient", "guidance"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UsageError(f"generator.{name} must be 0 or more, got {getattr(self, name):g}")
        if not 0 <= self.unconditional <= 1:
            raise UsageError(f"generator.unconditional is a probability, from 0 to 1, got {self.unconditional:g}")
        if not 0 < self.peak <= 1:
            raise UsageError(f"generator.peak must lie above 0 and up to 1, got {self.peak:g}")
        if not self.weights:
            raise UsageError('generator.weights must be "hub", "random", or the folder of a published pipeline')
        if not self.clap_weights:
            raise UsageError('generator.clap_weights must be "hub", "random", or the folder of a published CLAP model')
