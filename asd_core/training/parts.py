"""Parts of a network that a recipe's ``[training]`` asks for: those that are trained, and masks over spectrograms."""

from __future__ import annotations

from torch.nn import Module

from asd_core.encoders.anopatch.masking import SpecAugment
from asd_core.errors import UsageError
from asd_core.recipe.training_settings import TrainingConfig


def prepare(network: Module, config: TrainingConfig) -> None:
    """Freeze what is not trained, and mask spectrograms where the recipe says so.

    A network says by a method ``train_only(part)`` that it can be trained in part.

    Raises:
        UsageError: the network has no such part, or no spectrogram.
    """
    if config.trains != "all":
        if not hasattr(network, "train_only"):
            raise UsageError(
                f'training.trains = "{config.trains}": this network can only be trained as a whole: take "all"'
            )
        network.train_only(config.trains)  # type: ignore[operator]
    if config.freq_mask or config.time_mask:
        if not hasattr(network, "masking"):
            raise UsageError("training.freq_mask and time_mask: this network has no spectrogram: set both to 0")
        network.masking = SpecAugment(config.freq_mask, config.time_mask, config.mask_probability)
