"""What is needed of each machine of a search, and under which names it is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from asd_core.encoders.build import EncoderConfig
from asd_core.encoders.kinds import kind_of
from asd_core.errors import UsageError
from asd_core.recipe.recipe import Recipe
from asd_core.synthesis import RECORDED, Validation, ValidationClip
from asd_core.synthesis.validation import recorded
from asd_core.tuning.gather.passes import Pass, passes_for
from asd_core.tuning.space.setting import Setting, applied


@dataclass(frozen=True)
class Plan:
    """One machine: its clips, those fitted to first, and what is needed of them."""

    machine_type: str
    machine_id: str
    clips: tuple[ValidationClip, ...]
    normals: int
    passes: tuple[Pass, ...]

    @cached_property
    def clips_digest(self) -> str:
        """Of the clips and what is done to them."""
        return digest([self.normals, [asdict(clip) for clip in self.clips]])

    @cached_property
    def name(self) -> str:
        """Of the machine's file, but for clips that could not be read for now."""
        fingerprints = [one.fingerprint for one in self.passes]
        return digest([self.machine_type, self.machine_id, self.clips_digest, fingerprints])

    @cached_property
    def from_store(self) -> tuple[Pass, ...]:
        """The passes whose embeddings come from the store: those of one encoder each, where clips are as recorded."""
        if any(clip.kind != RECORDED for clip in self.clips):
            return ()
        return tuple(one for one in self.passes if not kind_of(one.encoder.kind).shares_r)

    @cached_property
    def from_audio(self) -> tuple[Pass, ...]:
        """The other passes."""
        return tuple(one for one in self.passes if one not in self.from_store)


def planned(recipe: Recipe, validations: Sequence[Validation], settings: Sequence[Setting]) -> list[Plan]:
    """What settings need of each machine.

    Raises:
        UsageError: simulated or generated clips, but embeddings that were imported; or no setting is a valid one.
    """
    types = {validation.normals["machine_type"][0].as_py() for validation in validations}
    passes = {name: tuple(passes_for(_encoders(recipe, settings, name))) for name in types}
    return [_planned(validation, passes) for validation in validations]


def _planned(validation: Validation, by_type: Mapping[str, tuple[Pass, ...]]) -> Plan:
    machine_type, machine_id = (validation.normals[name][0].as_py() for name in ("machine_type", "machine_id"))
    rows = validation.normals.select(["clip_id", "uri", "domain"]).to_pylist()
    passes = by_type[machine_type]
    clips = (*(recorded(row, False) for row in rows), *validation.clips)
    plan = Plan(machine_type, machine_id, clips, len(rows), passes)
    if not all(kind_of(one.encoder.kind).is_from_audio for one in plan.from_audio):
        raise UsageError("imported embeddings hold no simulated or generated clips: search with --validation real")
    return plan


def _encoders(recipe: Recipe, settings: Sequence[Setting], machine_type: str) -> list[EncoderConfig]:
    """Of the settings that are valid: the others say why when they are evaluated."""
    encoders: list[EncoderConfig] = []
    refused: UsageError | None = None
    for setting in settings:
        try:
            encoders.append(applied(recipe, setting, machine_type).encoder)
        except UsageError as error:
            refused = error
    if not encoders and refused is not None:
        raise refused
    return encoders


def digest(told: Any) -> str:
    """32 hex digits of what can be told as JSON."""
    return hashlib.blake2b(json.dumps(told).encode(), digest_size=16).hexdigest()
