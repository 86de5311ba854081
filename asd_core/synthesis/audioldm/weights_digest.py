"""The digest of the weights that a generator starts from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from asd_core.encoders.clap.weights import is_random, seed_of
from asd_core.encoders.trained_options import FROM_RANDOM
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.synthesis.audioldm.shapes import SHAPES

_AT_ONCE = 1 << 22


def weights_digest(config: GeneratorConfig) -> str:
    """Names the weights that a recipe's ``[generator]`` starts from: their seed and shape, or the bytes of their files.

    Returns:
        16 hex digits, after ``random-`` for random weights.

    Raises:
        UsageError: there are no such weights.
        AsdError: they cannot be had.
    """
    if is_random(config.weights):
        told = [config.size, seed_of(config.weights), asdict(SHAPES[config.size])]
        hashed = hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=8)
        return FROM_RANDOM + hashed.hexdigest()
    from asd_core.synthesis.audioldm.stored_parts import needed_files, weights_folder

    folder = weights_folder(config)
    states = [(name, (folder / name).stat()) for name in needed_files(folder)]
    return _of_files(str(folder), tuple((name, state.st_size, state.st_mtime_ns) for name, state in states))


@lru_cache(maxsize=4)
def _of_files(folder: str, files: tuple[tuple[str, int, int], ...]) -> str:
    hashed = hashlib.blake2b(digest_size=8)
    for name, size, _modified in files:
        hashed.update(f"{name} {size}\n".encode())
        with (Path(folder) / name).open("rb") as file:
            while block := file.read(_AT_ONCE):
                hashed.update(block)
    return hashed.hexdigest()
