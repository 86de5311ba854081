"""AudioLDM of the medium size with random weights: clips a second of generation, steps a second of fine-tuning."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import torch

from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.synthesis.audioldm.components import Components, load_components
from asd_core.synthesis.audioldm.job import training_config
from asd_core.synthesis.audioldm.mel import segment_length
from asd_core.synthesis.audioldm.noise_model import NoiseModel
from asd_core.synthesis.audioldm.text import text_embeddings
from asd_core.synthesis.audioldm.trained_weights import trained_part
from asd_core.synthesis.generation.sampling import generate
from asd_core.training.step import new_optimiser, train_step
from asd_core.training.world import Alone
from tests.benchmarks.figures import Figure
from tests.benchmarks.gpu.device import wait_for_device
from tests.benchmarks.gpu.items import Place, Say

CAPTION = "This is the normal sound of a fan"


def generation_and_fine_tuning(place: Place, say: Say) -> list[Figure]:
    """Rates and peak memory, with batches and length as a recipe has them: float32, bf16, and low-rank additions.

    A sampler's step is what 50 steps cost over 10. Inputs of the fine-tuning are in memory, and nothing is saved.
    """
    config = GeneratorConfig(size="tiny" if place.is_dry else "medium", weights="random", candidates=1)
    config = replace(config, seconds=0.64, generate_batch=2) if place.is_dry else config
    components = load_components(config, place.device)
    figures = []
    for precision in ("float32",) if place.is_dry else ("float32", "bf16"):
        figures += _generation(place, components, replace(config, precision=precision), say)
    on_gpu = [("unet", "float32"), ("unet", "bf16"), ("lora", "bf16")]
    for trains, precision in [("unet", "float32"), ("lora", "float32")] if place.is_dry else on_gpu:
        figures += _fine_tuning(place, components, replace(config, trains=trains, precision=precision), say)
    return figures


def _generation(place: Place, components: Components, config: GeneratorConfig, say: Say) -> list[Figure]:
    count, few, many = config.generate_batch, place.either(10, 1), place.either(50, 2)

    def made(steps: int) -> Callable[[], object]:
        chosen = replace(config, ddim_steps=steps)
        return lambda: generate(components, [CAPTION] * count, range(count), chosen)

    made(1)()
    _forget_peak(place)
    seconds = {steps: _seconds(place, made(steps)) for steps in (few, many)}
    per_step = (seconds[many] - seconds[few]) / (many - few)
    rate = count / (seconds[many] + (config.ddim_steps - many) * per_step)
    say(f"generation in {config.precision}: {rate:.3g} clips/s")
    what = f"generation, {config.precision}, {count} clips of {config.seconds:g} s at once"
    return [
        Figure("audioldm", f"{what}: {many} steps", (count / seconds[many],), "clips/s"),
        Figure("audioldm", f"{what}: {config.ddim_steps} steps, from the cost of one", (rate,), "clips/s"),
        Figure("audioldm", f"{what}: one step", (1000 * per_step,), "ms"),
        *_peak(place, what),
    ]


def _fine_tuning(place: Place, components: Components, config: GeneratorConfig, say: Say) -> list[Figure]:
    count, steps = config.batch_size, place.either(12, 2)
    embeddings = text_embeddings(components, [CAPTION, ""])
    model = NoiseModel(trained_part(components.unet, config), components, embeddings, config)
    training, world = training_config(config), Alone()
    optimiser = new_optimiser(model, training)
    length = segment_length(config.seconds)
    waveforms = 0.1 * torch.randn(count, length, generator=torch.Generator().manual_seed(0)).to(place.device)
    numbers = torch.zeros(count, dtype=torch.int64, device=place.device)

    def trained(first: int, last: int) -> None:
        for step in range(first, last):
            train_step(model, optimiser, [(waveforms, numbers, step)], 1e-5, training, world)

    _forget_peak(place)
    trained(0, 2)
    rate = steps / _seconds(place, lambda: trained(2, 2 + steps))
    model.zero_grad(set_to_none=True)
    say(f"fine-tuning {config.trains} in {config.precision}: {rate:.3g} steps/s")
    what = f"fine-tuning {config.trains}, {config.precision}, batches of {count} clips of {config.seconds:g} s"
    return [Figure("audioldm", what, (rate,), "steps/s"), *_peak(place, what)]


def _seconds(place: Place, work: Callable[[], object]) -> float:
    wait_for_device(place.device)
    start = time.perf_counter()
    work()
    wait_for_device(place.device)
    return time.perf_counter() - start


def _forget_peak(place: Place) -> None:
    if place.device != "cpu":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _peak(place: Place, what: str) -> list[Figure]:
    """The most memory that tensors took on a GPU; nothing on a CPU."""
    if place.device == "cpu":
        return []
    return [Figure("audioldm", f"{what}: peak memory", (torch.cuda.max_memory_allocated() / 2**30,), "GiB")]
