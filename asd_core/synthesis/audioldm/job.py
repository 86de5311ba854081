"""A fine-tuning of AudioLDM as a value that any process can carry out; see `asd_core.training.job.AnyJob`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.encoders.config import EncoderConfig
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.synthesis.audioldm.mel import segment, segment_length
from asd_core.synthesis.audioldm.shapes import SAMPLE_RATE

if TYPE_CHECKING:
    from asd_core.synthesis.audioldm.noise_model import NoiseModel
    from asd_core.training.waveforms import DecodedWaveforms, Windows

HEARD_SECONDS = 600.0
"""Segments are taken from so much of a clip, from its beginning."""

_SEGMENTS = 3  # numbers the draws of segments among those from one seed


@dataclass(frozen=True, eq=False)
class FineTuningJob:
    """A fine-tuning.

    Attributes:
        store_url: of the store.
        folder: of this run's checkpoints in it.
        generator: of the recipe.
        clips: rows of CLIPS that can be decoded.
        captions: distinct ones.
        indices: (N,) number of each clip's caption.
        channel: of the recordings; None mixes them all.
        device: ``cpu`` or ``cuda``.
        cpus: threads of a worker on a CPU.
        save_seconds: longest time between two checkpoints.
        save_epochs: False: a checkpoint of the published sizes has gigabytes, and an epoch may be some steps.
    """

    store_url: str
    folder: str
    generator: GeneratorConfig
    clips: pa.Table
    captions: tuple[str, ...]
    indices: NDArray[np.int64]
    channel: int | None = None
    device: str = "cpu"
    cpus: int = 1
    save_seconds: float = 300.0
    save_epochs: bool = False

    @property
    def config(self) -> TrainingConfig:
        """The settings of the loop, from those of the generator."""
        return training_config(self.generator)

    def new_model(self) -> NoiseModel:
        """The networks, and the captions' embeddings, each made once."""
        from asd_core.synthesis.audioldm.components import load_components
        from asd_core.synthesis.audioldm.noise_model import NoiseModel
        from asd_core.synthesis.audioldm.text import text_embeddings
        from asd_core.synthesis.audioldm.trained_weights import trained_part

        components = load_components(self.generator, self.device)
        embeddings = text_embeddings(components, [*self.captions, ""])
        return NoiseModel(trained_part(components.unet, self.generator), components, embeddings, self.generator)

    def facts(self, model: NoiseModel) -> dict[str, Any]:
        """The sample rate, and how many weights the network has and are trained."""
        return {
            "sample_rate": SAMPLE_RATE,
            "parameters": sum(value.numel() for value in model.components.unet.parameters()),
            "trained": sum(value.numel() for value in model.network.parameters()),
        }

    def waveforms(self, clips: pa.Table, sample_rate: int, budget: int) -> DecodedWaveforms:
        """Segments of clips, normalised, a new random one of longer clips in each epoch."""
        from asd_core.training.waveforms import DecodedWaveforms

        return DecodedWaveforms(
            clips,
            heard(self.channel),
            sample_rate,
            self.generator.seed,
            budget,
            length=segment_length(self.generator.seconds),
            part=partial(one_segment, peak=self.generator.peak),
        )


def heard(channel: int | None) -> EncoderConfig:
    """How much of clips is decoded: all, up to `HEARD_SECONDS`."""
    return EncoderConfig(clip_seconds=HEARD_SECONDS, clip_rule="crop", channel=channel)


def one_segment(
    windows: Windows, length: int, seed: int, epoch: int, position: int, *, peak: float
) -> NDArray[np.float32]:
    """The segment (length,) of a decoded clip (1, T) that an epoch gives; see `asd_core.training.waveforms.Part`."""
    from asd_core.training.waveforms import as_samples

    draw = np.random.default_rng([seed, _SEGMENTS, epoch, position])
    return segment(as_samples(windows[0]), length, peak, draw)


def training_config(generator: GeneratorConfig) -> TrainingConfig:
    """The settings of the training loop for a generator: steps in place of epochs, and the weights at the end."""
    return TrainingConfig(
        steps=generator.steps,
        batch_size=generator.batch_size,
        accumulation=generator.accumulation,
        learning_rate=generator.learning_rate,
        weight_decay=generator.weight_decay,
        warmup_steps=generator.warmup_steps,
        clip_gradient=generator.clip_gradient,
        precision=generator.precision,
        keep=(),
        seed=generator.seed,
    )
