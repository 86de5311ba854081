"""AudioLDM as a generator of clips, opened once in each process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.clap.weights import random_note
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.synthesis.audioldm.shapes import SAMPLE_RATE

if TYPE_CHECKING:
    from asd_core.synthesis.audioldm.components import Components


@dataclass(frozen=True)
class AudioLdmSource:
    """A fine-tuned AudioLDM in a store.

    Attributes:
        address: of its folder.
        config: how clips are sampled and candidates compared.
        digest: names the weights.
        weights_note: says where they are random; "" otherwise.
        device: ``cpu`` or ``cuda``.
    """

    address: str
    config: GeneratorConfig
    digest: str
    weights_note: str = ""
    device: str = "cpu"

    @property
    def note(self) -> str:
        """One line that says which weights are random; "" otherwise."""
        clap = random_note(self.config.clap_weights) if self.config.candidates > 1 else ""
        return self.weights_note or (clap and f"candidates were compared by {clap}")

    def open(self) -> AudioLdm:
        """Load the networks."""
        from asd_core.synthesis.audioldm.stored_generator import load_generator_at

        return AudioLdm(load_generator_at(self.address, self.device), self.config)


class AudioLdm:
    """A loaded model; see `asd_core.synthesis.generation.shard.Generator`.

    Args:
        components: of the model.
        config: how clips are sampled and candidates compared.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, components: Components, config: GeneratorConfig) -> None:
        from asd_core.synthesis.generation.similarity import Similarity

        self._components, self._config = components, config
        self._similarity = Similarity(config, components.device.type) if config.candidates > 1 else None

    def generate(self, captions: Sequence[str], seeds: Sequence[int]) -> NDArray[np.float32]:
        """See `asd_core.synthesis.generation.sampling.generate`."""
        from asd_core.synthesis.generation.sampling import generate

        return generate(self._components, captions, seeds, self._config)

    def similarity(self, waveforms: NDArray[np.float32], caption: str) -> NDArray[np.float64]:
        """See `asd_core.synthesis.generation.similarity.Similarity`."""
        assert self._similarity is not None, "one candidate is compared with nothing"
        return self._similarity(waveforms, self.sample_rate, caption)
