"""The learning rate of each step."""

from __future__ import annotations

import math

from asd_core.recipe.training_settings import TrainingConfig


def learning_rate(config: TrainingConfig, step: int, steps: int) -> float:
    """The learning rate of a step: it rises in a straight line over the warm-up, then follows the schedule.

    Args:
        config: of the recipe.
        step: from 0.
        steps: of the whole training.
    """
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    share = (step - config.warmup_steps) / max(1, steps - config.warmup_steps)
    match config.schedule:
        case "linear":
            return config.learning_rate * (1 - share)
        case "cosine":
            return config.learning_rate * (1 + math.cos(math.pi * share)) / 2
    return config.learning_rate
