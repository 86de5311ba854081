"""The plan of generated clips: captions, seeds and file names, all from the recipe's seed and the labels."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.synthesis.generation.names import clip_path

_SEED_BITS = 63  # a signed column of a table holds it


@dataclass(frozen=True)
class PlannedClip:
    """One clip that is to be made.

    Attributes:
        path: relative to the archive.
        machine_type: of the label that it is made from, as the next ones.
        machine_id: of this label.
        domain: of this label: ``source``, ``target`` or "".
        condition: ``normal`` or ``anomalous``.
        attributes: of this label.
        caption: that the model is given.
        number: among the clips of its machine and condition.
        seeds: of its candidates, and last of all one more for when none of them can be used.
        refused: the reason why it is not made; "" for a clip that is.
    """

    path: str
    machine_type: str
    machine_id: str
    domain: str
    condition: str
    attributes: str
    caption: str
    number: int
    seeds: tuple[int, ...]
    refused: str = ""


def plan_clips(wanted: pa.Table, config: GeneratorConfig) -> tuple[PlannedClip, ...]:
    """Plan a clip for each row that is wanted, in order of path.

    A clip's seeds depend on the recipe's seed, machine, condition, number and candidate, and on nothing else: not on
    the process, on the other machines, or on how many clips there are. A second clip of one caption and seed would be
    the same sound, and is refused.

    Args:
        wanted: columns machine_type, machine_id, domain, attributes, condition and caption.
        config: its candidates and its seed.

    Raises:
        AsdError: no row is wanted.
    """
    if not len(wanted):
        raise AsdError("no clips are wanted: there is no caption to make any from")
    numbers: Counter[tuple[str, ...]] = Counter()
    planned = []
    names = ("machine_type", "machine_id", "domain", "attributes", "condition", "caption")
    for row in wanted.select(names).to_pylist():
        kind = (row["machine_type"], row["machine_id"], row["condition"])
        number, numbers[kind] = numbers[kind], numbers[kind] + 1
        seeds = tuple(clip_seed(config.seed, *kind, number, candidate) for candidate in range(config.candidates + 1))
        path = clip_path(*kind[:2], row["domain"], kind[2], number, row["attributes"])
        planned.append(PlannedClip(path=path, **row, number=number, seeds=seeds))
    return without_repeats(sorted(planned, key=lambda clip: clip.path))


def clip_seed(seed: int, machine_type: str, machine_id: str, condition: str, number: int, candidate: int) -> int:
    """Seed of one candidate for a clip, from 0 up to 2^63."""
    words = json.dumps([seed, machine_type, machine_id, condition, number, candidate]).encode()
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest()) >> (64 - _SEED_BITS)


def without_repeats(planned: Sequence[PlannedClip]) -> tuple[PlannedClip, ...]:
    """The clips, with those refused that repeat the caption and a seed of one before."""
    seen: dict[tuple[str, int], str] = {}
    checked = []
    for clip in planned:
        first = next((seen[clip.caption, seed] for seed in clip.seeds if (clip.caption, seed) in seen), "")
        checked.append(replace(clip, refused=f"the same caption and seed as {first}") if first else clip)
        if not first:
            seen |= {(clip.caption, seed): clip.path for seed in clip.seeds}
    return tuple(checked)


def shards_of(planned: Sequence[PlannedClip], config: GeneratorConfig) -> list[tuple[PlannedClip, ...]]:
    """The clips to be made, cut into shards whose candidates fill one batch; refused ones are in none."""
    made = [clip for clip in planned if not clip.refused]
    size = max(1, config.generate_batch // config.candidates)
    return [tuple(made[first : first + size]) for first in range(0, len(made), size)]


def plan_digest(planned: Sequence[PlannedClip], config: GeneratorConfig, generator: Mapping[str, Any]) -> str:
    """32 hex digits of all that decides the samples of every clip.

    Args:
        planned: the clips.
        config: how they are sampled.
        generator: what names the weights; JSON values.
    """
    asked = ("seconds", "ddim_steps", "guidance", "candidates", "generate_batch", "precision", "seed")
    settings = {name: value for name, value in asdict(config).items() if name in asked}
    if config.candidates > 1:
        settings["clap_weights"] = config.clap_weights
    words = [generator, settings, [asdict(clip) for clip in planned]]
    return content_hash(json.dumps(words, sort_keys=True).encode())
