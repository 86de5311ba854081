"""Encoder passes: many encoders that share one pass over the same audio.

TWFR for every r comes from rows that are sorted once: the weights of all r are the columns of one matrix. All r share
a spectrogram, all mel filterbanks share a power spectrum, and all encoders that hear a clip alike share its samples.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.cut_windows import Windows
from asd_core.digest import name_hash
from asd_core.encoders.build import embeddings_fingerprint, kind_of, new_encoder
from asd_core.encoders.config import EncoderConfig
from asd_core.encoders.protocol import Encoder, native_rates
from asd_core.encoders.twfr import TwfrEncoder, rank_weights
from asd_core.errors import AsdError, ClipError
from asd_core.pipeline.decoding import DecodedClip
from asd_core.pipeline.encoding import as_float, encode_shard


@dataclass(frozen=True)
class EncoderPass:
    """Encoders that differ in nothing but r, so that one pass over the audio serves all of them.

    Attributes:
        name: hash of the encoders without r, 16 hex digits.
        encoder: of a recipe; TWFR without its r.
        r: the values of r of TWFR, ascending; empty for every other encoder.
    """

    name: str
    encoder: EncoderConfig
    r: tuple[float, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that change whenever a clip would get other embeddings: by weights or any r."""
        return name_hash(json.dumps([embeddings_fingerprint(self.encoder), self.r]))

    @property
    def planes(self) -> int:
        """Number of embeddings of each clip."""
        return max(1, len(self.r))

    def heard(self, device: str) -> tuple[object, ...]:
        """All that decides the samples: passes for which this is equal get the same ones."""
        config, encoder = self.encoder, made(self.encoder, device)
        rates = encoder.sample_rate, sorted(native_rates(encoder))
        return config.clip_seconds, config.clip_rule, config.channel, *rates


def passes_for(encoders: Iterable[EncoderConfig]) -> list[EncoderPass]:
    """The passes that serve these encoders, in order of their names."""
    found: dict[str, tuple[EncoderConfig, set[float]]] = {}
    for config in dict.fromkeys(encoders):
        without_r, r = split_r(config)
        _, values = found.setdefault(pass_name(config), (without_r, set()))
        values.update([] if r is None else [r])
    return [EncoderPass(name, config, tuple(sorted(values))) for name, (config, values) in sorted(found.items())]


@lru_cache(maxsize=4096)
def split_r(config: EncoderConfig) -> tuple[EncoderConfig, float | None]:
    """A TWFR encoder of one r without that r, and the r; every other encoder as it is, and None."""
    options = json.loads(config.options)
    r = float(options.pop("r", TwfrEncoder.r)) if _has_one_r(config) else None
    return replace(config, options=json.dumps(options, sort_keys=True), batch_size=EncoderConfig.batch_size), r


@lru_cache(maxsize=4096)
def pass_name(config: EncoderConfig) -> str:
    """16 hex digits, equal only for encoders that one pass serves; from the configuration, without its weights."""
    without_r, _ = split_r(config)
    filled = asdict(_twfr(without_r)) if _has_one_r(config) else None  # defaults written out or not
    fields = {**asdict(without_r), "options": filled or without_r.options}
    return name_hash(json.dumps(fields, sort_keys=True))


def _has_one_r(config: EncoderConfig) -> bool:
    """True for TWFR that one pass serves for every r: of a single r, and without a level beside it."""
    options = json.loads(config.options)
    return kind_of(config.kind).shares_r and not isinstance(options.get("r"), list) and not options.get("level")


@lru_cache(maxsize=8)
def made(config: EncoderConfig, device: str) -> Encoder:
    """The encoder of a configuration; this process keeps the latest."""
    return new_encoder(config, device)


def embed_decoded(
    decoded: Iterable[DecodedClip], passes: Sequence[EncoderPass], device: str = "cpu"
) -> tuple[list[NDArray[np.float32]], list[DecodedClip]]:
    """Embed clips for passes that hear them alike.

    Args:
        decoded: n clips, some perhaps with an error instead of samples.
        passes: all of one `EncoderPass.heard`.
        device: for networks: ``cpu`` or ``cuda``.

    Returns:
        For each pass (planes, n, D) float32, NaN for a clip that cannot be embedded; and the clips without their
        samples, with the error of the first pass that cannot embed them.
    """
    if all(one.r for one in passes):
        return _all_r(decoded, passes)
    clips = list(decoded)
    arrays: list[NDArray[np.float32]] = []
    errors = [clip.error for clip in clips]
    for one in passes:
        if one.r:
            (array,), embedded = _all_r(clips, [one])
            found: Sequence[ClipError | None] = [clip.error for clip in embedded]
        else:
            encoder = made(one.encoder, device)
            rows = encode_shard(clips, encoder, one.encoder.batch_size)
            missing = np.full(encoder.embedding_dim, np.nan, np.float32)
            array = np.stack([missing if isinstance(row, ClipError) else row for row in rows])[None]
            found = [row if isinstance(row, ClipError) else None for row in rows]
        arrays.append(array)
        errors = [before or now for before, now in zip(errors, found, strict=True)]
    return arrays, [replace(clip, waveforms=None, error=error) for clip, error in zip(clips, errors, strict=True)]


def _all_r(
    decoded: Iterable[DecodedClip], passes: Sequence[EncoderPass]
) -> tuple[list[NDArray[np.float32]], list[DecodedClip]]:
    """Embed clips, one at a time, by TWFR with all r."""
    rows: list[list[NDArray[np.float32]]] = [[] for _ in passes]
    embedded: list[DecodedClip] = []
    for clip in decoded:
        error = clip.error
        try:
            if clip.waveforms is None:
                raise clip.error or ClipError("not_decoded", "no waveform")
            found = _clip_at_all_r(clip.waveforms, passes)
        except ClipError as caught:
            error = caught
            found = [np.full((one.planes, _twfr(one.encoder).n_mels), np.nan, np.float32) for one in passes]
        for own, row in zip(rows, found, strict=True):
            own.append(row)
        embedded.append(replace(clip, waveforms=None, error=error))
    return [np.stack(own, axis=1) for own in rows], embedded


def _clip_at_all_r(waveforms: NDArray[Any] | Windows, passes: Sequence[EncoderPass]) -> list[NDArray[np.float32]]:
    """TWFR (R, M) of one clip for each pass, averaged over its windows (W, T)."""
    found: list[list[NDArray[np.float32]]] = [[] for _ in passes]
    for waveform in as_float(waveforms[:]):
        powers: dict[tuple[int, int], NDArray[np.float32]] = {}
        for own, one in zip(found, passes, strict=True):
            log_mel = _twfr(one.encoder).log_mel
            key = log_mel.n_fft, log_mel.hop
            if key not in powers:
                powers[key] = log_mel.power(waveform)
            own.append(twfr_at_all(log_mel.of_power(powers[key]), one.r))
    rows = [own[0] if len(own) == 1 else np.mean(own, axis=0, dtype=np.float64).astype(np.float32) for own in found]
    if not all(np.isfinite(row).all() for row in rows):
        raise ClipError("embedding_not_finite", "the encoder returned a value that is not finite")
    return rows


def twfr_at_all(spectrogram: NDArray[np.float32], r: tuple[float, ...]) -> NDArray[np.float32]:
    """`asd_core.encoders.twfr.twfr` of one spectrogram for many r: (F, N) float32 → (R, F) float32."""
    ascending = np.sort(spectrogram, axis=1)
    return np.ascontiguousarray((ascending.astype(np.float64) @ _weights(spectrogram.shape[1], r)).T, np.float32)


@lru_cache(maxsize=16)
def _weights(n_frames: int, r: tuple[float, ...]) -> NDArray[np.float64]:
    """Weights (N, R) of the values of a row in ascending order."""
    return np.stack([rank_weights(n_frames, value)[::-1] for value in r], axis=1)


def _twfr(config: EncoderConfig) -> TwfrEncoder:
    encoder = made(config, "cpu")
    if not isinstance(encoder, TwfrEncoder):
        raise AsdError(f"{config.kind} is no TWFR encoder")
    return encoder
