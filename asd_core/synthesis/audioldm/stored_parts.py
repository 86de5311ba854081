"""Published weights of AudioLDM: the folder they lie in, and the parts in it, checked against the shape asked for."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from asd_core.encoders.clap.weights import HUB, first_line, from_hub
from asd_core.errors import AsdError, UsageError
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.synthesis.audioldm.classes import model_classes
from asd_core.synthesis.audioldm.shapes import SCHEDULER, SHAPES, Shape

_TENSORS = {
    "vae": "diffusion_pytorch_model.safetensors",
    "unet": "diffusion_pytorch_model.safetensors",
    "text_encoder": "model.safetensors",
    "vocoder": "model.safetensors",
}
_NEEDED = (
    *(f"{part}/{name}" for part, tensors in _TENSORS.items() for name in ("config.json", tensors)),
    "scheduler/scheduler_config.json",
    "tokenizer/tokenizer.json",
    "tokenizer/tokenizer_config.json",
    "tokenizer/vocab.json",
    "tokenizer/merges.txt",
    "tokenizer/special_tokens_map.json",
)
"""The files of a model, in diffusers' layout."""

_IN_FOLDER = _NEEDED[:9]  # of a tokenizer, any of its forms may be there

_LEARNED = ("sample_size", "scaling_factor")
"""Settings that are the weights' own, not the shape's."""

_NOISE = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "prediction_type")
_INSTEAD = 'download it elsewhere and give the folder as generator.weights, or take "random" for a trial'


def needed_files(folder: Path) -> list[str]:
    """The files of a model that are there, relative to its folder."""
    return [name for name in _NEEDED if (folder / name).is_file()]


def weights_folder(config: GeneratorConfig) -> Path:
    """The folder of the weights on this machine, downloaded once where they are the hub's.

    Raises:
        UsageError: there is no such folder, or the hub has none of this size.
        AsdError: a file cannot be had from the hub.
    """
    if config.weights != HUB:
        folder = Path(config.weights).expanduser()
        if not folder.is_dir():
            raise UsageError(
                f"generator.weights = {config.weights!r}: there is no such folder; name one of a published pipeline, "
                '"hub" or "random"'
            )
        return folder
    repository = SHAPES[config.size].repository
    if not repository:
        raise UsageError(
            f'generator.size = {config.size!r} has no published weights: take generator.weights = "random", or another '
            "size"
        )
    return [from_hub(repository, name, _INSTEAD) for name in _NEEDED][0].parent.parent


def stored_parts(folder: Path, shape: Shape, size: str) -> dict[str, Any]:
    """All parts of a model in a folder of diffusers' layout, by the names of `Components`; on the CPU.

    Args:
        folder: on this machine.
        shape: that the networks must have.
        size: its name, for messages.

    Raises:
        AsdError: a file is missing, the networks have another shape or noise levels, or a file cannot be read.
    """
    if lacking := [name for name in _IN_FOLDER if not (folder / name).is_file()]:
        raise AsdError(
            f"generator.weights: {folder} lacks {lacking[0]}: name the folder of a whole pipeline of AudioLDM, saved "
            "by diffusers with safe_serialization=True (pickles are not read)"
        )
    for part in _TENSORS:
        _check(folder / part / "config.json", getattr(shape, part), size)
    _check(folder / "scheduler" / "scheduler_config.json", {name: SCHEDULER[name] for name in _NOISE}, size)
    classes = model_classes()
    parts = {part: _network(getattr(classes, part), folder / part) for part in _TENSORS}
    with _read(folder / "scheduler"):
        parts["scheduler"] = classes.scheduler.from_pretrained(folder / "scheduler", local_files_only=True)
    with _read(folder / "tokenizer"):
        parts["tokenizer"] = classes.tokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    return parts


def _check(path: Path, wanted: Mapping[str, Any], size: str) -> None:
    """Raise AsdError where a configuration has other settings than those of the size."""
    with _read(path):
        found = dict(json.loads(path.read_bytes()))
    for name, value in wanted.items():
        if name in _LEARNED or name not in found:  # what is left out is checked by the shapes of the tensors
            continue
        if json.loads(json.dumps(value)) != found[name]:
            raise AsdError(
                f"{path} says {name} = {found[name]!r}, not {value!r} as a model of generator.size = {size!r} has: "
                "set generator.size to that of the weights"
            )


def _network(kind: Any, folder: Path) -> Any:
    with _read(folder), _quiet():
        network, loading = kind.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, output_loading_info=True
        )
    if wrong := sorted(map(str, (*loading["missing_keys"], *loading["mismatched_keys"]))):
        raise AsdError(f"{folder} lacks the tensor {wrong[0]} of {kind.__name__}: is it the whole model?")
    return network


@contextmanager
def _read(path: Path) -> Iterator[None]:
    """A block that reads a path: any error in it becomes one line."""
    try:
        yield
    except Exception as error:  # the format's, diffusers' and transformers' own errors, which have no common class
        raise AsdError(
            f"generator.weights: {path} cannot be read as a part of AudioLDM: {first_line(error)}"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """A block in which diffusers and transformers log nothing: what they warn of is raised as an error here."""
    loggers = [logging.getLogger(name) for name in ("diffusers", "transformers")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
