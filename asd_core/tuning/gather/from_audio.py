"""Embeddings from the audio: each part of a machine's clips is decoded once and embedded for every pass."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.digest import name_hash
from asd_core.encoders.protocol import native_rates
from asd_core.pipeline.decoding import DecodedClip
from asd_core.pipeline.threads import one_thread
from asd_core.store.addresses import open_files
from asd_core.store.files import Files
from asd_core.synthesis.decoding import decode_validation
from asd_core.synthesis.validation import ValidationClip
from asd_core.tuning.gather.encoder_passes import EncoderPass, embed_decoded, made

CLIPS_A_PART = 64  # half a second of work, and 4 MB of embeddings for 111 values of r


@dataclass(frozen=True)
class ClipOutcome:
    """A clip after its embedding: usable where there is no reason.

    Attributes:
        reason: short code of the error, None where there is none.
        message: one line.
        transient: whether a later run may well succeed.
        level_db: RMS of the part heard, dB re full scale.
    """

    reason: str | None = None
    message: str = ""
    transient: bool = False
    level_db: float | None = None


@dataclass(frozen=True)
class Effort:
    """Work that a part took.

    Attributes:
        decoded: number of clips that were decoded, not found gathered.
        began: start, in seconds of the wall clock.
        seconds: of work.
    """

    decoded: int
    began: float
    seconds: float


@dataclass(frozen=True)
class ClipPart:
    """Clips of one machine that are decoded together.

    Attributes:
        folder: for the arrays.
        prefix: of the arrays' names: the machine's `MachinePlan.clips_digest`.
        number: of the part.
        clips: of one machine.
        passes: the encoders that embed them.
        normal_level_db: see `decode_validation`.
        device: for networks: ``cpu`` or ``cuda``.
    """

    folder: str
    prefix: str
    number: int
    clips: tuple[ValidationClip, ...]
    passes: tuple[EncoderPass, ...]
    normal_level_db: float | None = None
    device: str = "cpu"

    def path(self, one: EncoderPass) -> str:
        """Path of a pass's array, relative to the folder."""
        return array_path(self.prefix, one, self.number)

    @property
    def outcome_path(self) -> str:
        """Path of the clips' outcomes, which are written last."""
        passes = json.dumps([one.fingerprint for one in self.passes])
        return f"{self.prefix}/{name_hash(passes)}-{self.number:05d}.json"


def array_path(prefix: str, one: EncoderPass, number: int) -> str:
    """Path of the array of a part under a pass, relative to the folder."""
    return f"{prefix}/{one.fingerprint}-{number:05d}.npy"


def cut(count: int) -> list[tuple[int, int]]:
    """(start, stop) of each part of so many clips."""
    return [(start, min(start + CLIPS_A_PART, count)) for start in range(0, count, CLIPS_A_PART)]


def gather_part(part: ClipPart) -> tuple[list[ClipOutcome], Effort]:
    """Decode a part's clips, embed them and write the arrays; returns the outcome of each clip, and the effort.

    A part that is there already is not done again, unless one of its clips could not be read that time.
    """
    files, began, start = open_files(part.folder), time.time(), time.perf_counter()
    if all(files.exists(path) for path in (part.outcome_path, *map(part.path, part.passes))):
        return [ClipOutcome(*row) for row in json.loads(files.read(part.outcome_path))], Effort(0, began, 0.0)
    outcomes = [ClipOutcome() for _ in part.clips]
    with one_thread():
        for passes in _heard_alike(part.passes, part.device):
            arrays, clips = embed_decoded(_decoded(part, passes[0]), passes, part.device)
            for one, array in zip(passes, arrays, strict=True):
                write_array(files, part.path(one), array)
            outcomes = [_first_error(before, clip) for before, clip in zip(outcomes, clips, strict=True)]
    if not any(outcome.transient for outcome in outcomes):
        files.write(part.outcome_path, json.dumps([list(asdict(outcome).values()) for outcome in outcomes]).encode())
    return outcomes, Effort(len(part.clips), began, time.perf_counter() - start)


def write_array(files: Files, path: str, array: NDArray[Any]) -> None:
    """Write an array as one ``.npy`` file."""
    sink = io.BytesIO()
    np.save(sink, array, allow_pickle=False)
    files.write(path, sink.getvalue())


def _decoded(part: ClipPart, one: EncoderPass) -> Iterator[DecodedClip]:
    encoder, level_db = made(one.encoder, part.device), part.normal_level_db
    rates, sample_rate = native_rates(encoder), encoder.sample_rate
    return decode_validation(part.clips, one.encoder, sample_rate, normal_level_db=level_db, native_rates=rates)


def _heard_alike(passes: Sequence[EncoderPass], device: str) -> list[list[EncoderPass]]:
    ordered = sorted(passes, key=lambda one: repr(one.heard(device)))
    return [list(group) for _, group in groupby(ordered, key=lambda one: one.heard(device))]


def _first_error(before: ClipOutcome, clip: DecodedClip) -> ClipOutcome:
    level_db = before.level_db if before.level_db is not None else clip.level_db
    if before.reason is not None or clip.error is None:
        return ClipOutcome(before.reason, before.message, before.transient, level_db)
    return ClipOutcome(clip.error.reason, clip.error.message, clip.error.transient, level_db)
