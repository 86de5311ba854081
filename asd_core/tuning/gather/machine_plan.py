"""The plan for each machine of a search: its clips, the embeddings they need, and the names these are kept under."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from asd_core.digest import content_hash
from asd_core.encoders.build import kind_of
from asd_core.encoders.config import EncoderConfig
from asd_core.errors import UsageError
from asd_core.recipe.recipe import Recipe
from asd_core.synthesis.validation import RECORDED, Validation, ValidationClip, unchanged_clip
from asd_core.tuning.gather.encoder_passes import EncoderPass, passes_for
from asd_core.tuning.space.setting import Setting, applied


@dataclass(frozen=True)
class MachinePlan:
    """One machine, its clips and the encoders that embed them.

    Attributes:
        machine_type: as in CLIPS.
        machine_id: as in CLIPS.
        clips: the clips fitted to, then the clips judged on.
        normals: number of clips fitted to.
        passes: one for each group of encoders that share a pass over the audio.
    """

    machine_type: str
    machine_id: str
    clips: tuple[ValidationClip, ...]
    normals: int
    passes: tuple[EncoderPass, ...]

    @cached_property
    def clips_digest(self) -> str:
        """Hash of the clips and of what is done to them."""
        return digest([self.normals, [asdict(clip) for clip in self.clips]])

    @cached_property
    def name(self) -> str:
        """Name of the machine's file where every clip could be read."""
        fingerprints = [one.fingerprint for one in self.passes]
        return digest([self.machine_type, self.machine_id, self.clips_digest, fingerprints])

    @cached_property
    def from_store(self) -> tuple[EncoderPass, ...]:
        """The passes whose embeddings come from the store: all but TWFR's, where clips are as they were recorded."""
        if any(clip.kind != RECORDED for clip in self.clips):
            return ()
        return tuple(one for one in self.passes if not kind_of(one.encoder.kind).shares_r)

    @cached_property
    def from_audio(self) -> tuple[EncoderPass, ...]:
        """The other passes."""
        return tuple(one for one in self.passes if one not in self.from_store)


def machine_plans(recipe: Recipe, validations: Sequence[Validation], settings: Sequence[Setting]) -> list[MachinePlan]:
    """The plan of each machine for all settings.

    Raises:
        UsageError: simulated or generated clips, but embeddings that were imported; or no setting is a valid one.
    """
    types = {validation.machine_type for validation in validations}
    passes = {name: tuple(passes_for(_encoders(recipe, settings, name))) for name in types}
    return [_plan(validation, passes[validation.machine_type]) for validation in validations]


def _plan(validation: Validation, passes: tuple[EncoderPass, ...]) -> MachinePlan:
    rows = validation.normals.select(["clip_id", "uri", "domain"]).to_pylist()
    clips = (*(unchanged_clip(row, is_anomalous=False) for row in rows), *validation.clips)
    plan = MachinePlan(validation.machine_type, validation.machine_id, clips, len(rows), passes)
    if not all(kind_of(one.encoder.kind).is_from_audio for one in plan.from_audio):
        raise UsageError("imported embeddings hold no simulated or generated clips: search with --validation real")
    return plan


def _encoders(recipe: Recipe, settings: Sequence[Setting], machine_type: str) -> list[EncoderConfig]:
    """Encoders of the valid settings: the others give their error when they are evaluated."""
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


def digest(value: Any) -> str:
    """32 hex digits of a JSON value."""
    return content_hash(json.dumps(value).encode())
