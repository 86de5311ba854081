"""From the labels of an archive to generated clips: captions, fine-tuning, generation; behind ``asd synthesize``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from asd_core.errors import UsageError
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.recipe.names import check_name_in_store
from asd_core.recipe.recipe import Recipe
from asd_core.runs.generate import generate_clips
from asd_core.store.store import Store
from asd_core.synthesis.audioldm.stored_generator import read_generator
from asd_core.synthesis.generation.audioldm_source import AudioLdmSource
from asd_core.synthesis.generation.shard import Source
from asd_core.synthesis.generation.similarity import check_clap_weights
from asd_core.synthesis.metadata_captions.pairs import reference_types, training_pairs
from asd_core.synthesis.metadata_captions.wanted import wanted


@dataclass(frozen=True)
class Captioned:
    """The captions of an archive, for one set of targets.

    Attributes:
        targets: machine types that clips are generated of.
        references: machine types whose normal and anomalous clips are heard.
        pairs: rows of PAIRS: the clips that a generator hears, and their captions (eq. 3).
        wanted: rows of WANTED: the clips that it is to make (eq. 4).
    """

    targets: tuple[str, ...]
    references: tuple[str, ...]
    pairs: pa.Table
    wanted: pa.Table


@dataclass(frozen=True)
class ReadyGenerator:
    """A generator that is ready to make clips.

    Attributes:
        source: opens it.
        told: fields of a run's record on it: ``generator``, and as there are ``notes`` and ``seconds``.
    """

    source: Source
    told: Mapping[str, Any]


def check_synthesis(recipe: Recipe, name: str) -> None:
    """Refuse what can be told before an archive is listed.

    Raises:
        UsageError: a name that a folder may not have, or CLAP weights that are not there.
    """
    check_name_in_store("--as", name)
    config = recipe.for_machine("").generator
    if config.candidates > 1:
        check_clap_weights(config.clap_weights)


def captioned(
    recipe: Recipe,
    clips: pa.Table,
    normals: pa.Table,
    targets: Sequence[str],
    references: Sequence[str] | None = None,
) -> Captioned:
    """The captions of the clips to hear and of those to make.

    Args:
        recipe: its ``[generator]`` says how many clips are made of each machine and condition.
        clips: rows of CLIPS.
        normals: the normal clips to fit on.
        targets: machine types.
        references: machine types; None: all others.

    Raises:
        UsageError: a type that there is not, or a target without normal clips.
    """
    heard = reference_types(clips, targets, references)
    pairs = training_pairs(clips, heard, targets, normals)
    config = recipe.for_machine("").generator
    return Captioned(tuple(targets), heard, pairs, wanted(clips, targets, config.clips, normals, config.domains))


def stored_generator(
    store: Store, name: str, config: GeneratorConfig, device: str, targets: Sequence[str]
) -> ReadyGenerator:
    """A fine-tuned generator of a store, ready to make clips.

    Args:
        store: that holds it.
        name: of the generator.
        config: how clips are sampled and candidates compared.
        device: ``cpu`` or ``cuda``.
        targets: machine types that clips are wanted of.

    Raises:
        UsageError: the store has none of that name, or it has heard anomalies of a target.
        AsdError: its description is gone or broken.
    """
    address, stored = read_generator(store, name)
    if heard := sorted(set(targets) & set(stored.references)):
        raise UsageError(
            f"generator {name} has heard anomalies of {heard[0]}, which is a target: name another generator, or "
            "fine-tune one (leave --generator out)"
        )
    folder = address.removeprefix(f"{store.files.url}/")
    told = {"name": name, "folder": folder, "digest": stored.digest, "started_from": stored.started_from}
    source = AudioLdmSource(address, config, stored.digest, stored.note, device)
    return ReadyGenerator(source, {"generator": told})


def synthesize(
    store: Store,
    recipe: Recipe,
    name: str,
    captions: Captioned,
    made_ready: Callable[[Captioned], ReadyGenerator],
    engine: Engine,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Make a generator ready, and clips with it; each part goes on where it broke, and is not repeated.

    Args:
        store: where everything is kept.
        recipe: its ``[generator]``.
        name: of the archive, and of the generator where one is fine-tuned.
        captions: of the archive.
        made_ready: fine-tunes a generator on the pairs, or finds a stored one.
        engine: that makes the clips.
        progress: told (stage, done, total).

    Returns:
        The record of the generation, with ``already_complete``; see `generate_clips`.

    Raises:
        AsdError: not one clip can be heard, or not one that was made can be used.
    """
    ready = made_ready(captions)
    told = {"targets": list(captions.targets), "references": list(captions.references), **ready.told}
    return generate_clips(store, recipe, name, captions.wanted, ready.source, engine, told, progress)
