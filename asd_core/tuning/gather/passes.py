"""What many settings need of the same audio, taken from it in one pass.

TWFR for every r comes from rows that are sorted once: the weights of all r are the columns of one matrix. Spectrograms
are shared by all r, power spectra by all mel filterbanks, decoded samples by all encoders that hear a clip alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.build import EncoderConfig, embeddings_fingerprint, new_encoder
from asd_core.encoders.kinds import kind_of
from asd_core.encoders.protocol import Encoder, native_rates
from asd_core.encoders.twfr import TwfrEncoder, rank_weights
from asd_core.errors import AsdError, ClipError
from asd_core.pipeline.decoding import DecodedClip
from asd_core.pipeline.embedding import encode_shard


@dataclass(frozen=True)
class Pass:
    """Encoders that differ in nothing but r, so that one pass over the audio serves all of them.

    Attributes:
        name: of the encoders without r, 16 hex digits.
        encoder: of a recipe; of TWFR the one without r.
        r: of TWFR, ascending; empty for every other encoder.
    """

    name: str
    encoder: EncoderConfig
    r: tuple[float, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """Changes whenever a clip would get other embeddings: weights and every r are part of it; 16 hex digits."""
        told = [embeddings_fingerprint(self.encoder), self.r]
        return hashlib.blake2b(json.dumps(told).encode(), digest_size=8).hexdigest()

    @property
    def planes(self) -> int:
        """How many embeddings each clip gets."""
        return max(1, len(self.r))

    def heard(self, device: str = "cpu") -> tuple[object, ...]:
        """Encoders for which this is equal are given the same samples."""
        config = self.encoder
        rates = self.sample_rate(device), sorted(self.native_rates(device))
        return config.clip_seconds, config.clip_rule, config.channel, *rates

    def native_rates(self, device: str = "cpu") -> frozenset[int]:
        """Hz at which they take recordings as they are."""
        return native_rates(_made(self.encoder, device))

    def sample_rate(self, device: str = "cpu") -> int:
        """Hz that the encoders expect."""
        return _made(self.encoder, device).sample_rate


def passes_for(encoders: Iterable[EncoderConfig]) -> list[Pass]:
    """The passes that serve these encoders, in order of their names."""
    found: dict[str, tuple[EncoderConfig, set[float]]] = {}
    for config in dict.fromkeys(encoders):
        without_r, r = apart(config)
        _, values = found.setdefault(pass_name(config), (without_r, set()))
        values.update([] if r is None else [r])
    return [Pass(name, config, tuple(sorted(values))) for name, (config, values) in sorted(found.items())]


@lru_cache(maxsize=4096)
def apart(config: EncoderConfig) -> tuple[EncoderConfig, float | None]:
    """A TWFR encoder without its r, and that r; every other encoder as it is, and None."""
    options = json.loads(config.options)
    r = float(options.pop("r", TwfrEncoder.r)) if kind_of(config.kind).shares_r else None
    return replace(config, options=json.dumps(options, sort_keys=True), batch_size=EncoderConfig.batch_size), r


@lru_cache(maxsize=4096)
def pass_name(config: EncoderConfig) -> str:
    """16 hex digits, equal only for encoders that one pass serves; told from the configuration, without its weights."""
    without_r, _ = apart(config)
    filled = asdict(_twfr(without_r)) if kind_of(config.kind).shares_r else None  # defaults written out or not
    told = {**asdict(without_r), "options": filled or without_r.options}
    return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=8).hexdigest()


@lru_cache(maxsize=8)
def _made(config: EncoderConfig, device: str) -> Encoder:
    return new_encoder(config, device)


def embed_decoded(
    decoded: Iterable[DecodedClip], passes: Sequence[Pass], device: str = "cpu"
) -> tuple[list[NDArray[np.float32]], list[DecodedClip]]:
    """Embed clips for passes that hear them alike.

    Args:
        decoded: n clips, or what kept one from being decoded.
        passes: of one `Pass.heard`.
        device: where networks are computed.

    Returns:
        Of each pass (planes, n, D) float32, NaN for a clip that cannot be embedded; and the clips without their
        samples, with the error of the first pass that cannot embed them.
    """
    if all(one.r for one in passes):
        return _all_r(decoded, passes)
    clips = list(decoded)
    arrays: list[NDArray[np.float32]] = []
    errors = [clip.error for clip in clips]
    for one in passes:
        if one.r:
            (array,), told = _all_r(clips, [one])
            found: Sequence[ClipError | None] = [clip.error for clip in told]
        else:
            encoder = _made(one.encoder, device)
            rows = encode_shard(clips, encoder, one.encoder.batch_size)
            array = np.full((1, len(clips), encoder.embedding_dim), np.nan, np.float32)
            for index, row in enumerate(rows):
                if not isinstance(row, ClipError):
                    array[0, index] = row
            found = [row if isinstance(row, ClipError) else None for row in rows]
        arrays.append(array)
        errors = [before or now for before, now in zip(errors, found, strict=True)]
    return arrays, [replace(clip, waveforms=None, error=error) for clip, error in zip(clips, errors, strict=True)]


def _all_r(
    decoded: Iterable[DecodedClip], passes: Sequence[Pass]
) -> tuple[list[NDArray[np.float32]], list[DecodedClip]]:
    """TWFR for all r of clips that are decoded one at a time."""
    rows: list[list[NDArray[np.float32]]] = [[] for _ in passes]
    told: list[DecodedClip] = []
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
        told.append(replace(clip, waveforms=None, error=error))
    return [np.stack(own, axis=1) for own in rows], told


def _clip_at_all_r(waveforms: NDArray[np.float32], passes: Sequence[Pass]) -> list[NDArray[np.float32]]:
    """TWFR (R, M) of one clip for each pass, windows (W, T) averaged."""
    found: list[list[NDArray[np.float32]]] = [[] for _ in passes]
    for waveform in waveforms:
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
    """(N, R), for rows in ascending order."""
    return np.stack([rank_weights(n_frames, value)[::-1] for value in r], axis=1)


def _twfr(config: EncoderConfig) -> TwfrEncoder:
    encoder = _made(config, "cpu")
    if not isinstance(encoder, TwfrEncoder):
        raise AsdError(f"{config.kind} is no TWFR encoder")
    return encoder
