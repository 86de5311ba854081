from dataclasses import replace
from functools import cache

from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.synthesis.audioldm.components import Components, load_components

TINY = GeneratorConfig(size="tiny", weights="random", seconds=0.64, clips=2, ddim_steps=3, candidates=1)


@cache
def tiny_components(seed: int = 0) -> Components:
    """Components that tests share: none may change their weights."""
    return load_components(replace(TINY, weights=f"random:{seed}"))
