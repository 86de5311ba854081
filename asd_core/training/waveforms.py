"""The waveforms of training clips: decoded as an encoder hears them, all of one length."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.encoders.config import EncoderConfig
from asd_core.errors import ClipError
from asd_core.pipeline.decoding import DecodedClip, decode_shard
from asd_core.training.loop import Asked
from asd_core.training.plan import Positions

Windows = NDArray[np.float32] | NDArray[np.int16]  # (W, T): the parts of one clip

Part = Callable[[Windows, int, int, int, int], NDArray[np.float32]]
"""The samples of a clip that an epoch gives: its windows, the length, the seed, the epoch and the clip's position."""

_AHEAD = 3  # batches decoded before their turn
_FULL_SCALE = np.float32(1 << 15)  # of 16-bit samples


class DecodedWaveforms:
    """Decodes batches of clips in this process, some ahead of their turn, and keeps what fits into a budget.

    A clip of several windows or segments gives one of them an epoch, drawn from the seed. One that is shorter than the
    others is repeated to their length.

    Args:
        clips: rows of CLIPS; positions are theirs.
        config: how much of a clip is heard.
        sample_rate: Hz of the network.
        seed: of the training.
        budget: bytes.
        length: samples of an input; 0: of ``clip_seconds``.
        part: of a clip that is given; None: `one_window`.
    """

    def __init__(
        self,
        clips: pa.Table,
        config: EncoderConfig,
        sample_rate: int,
        seed: int,
        budget: int = 1 << 30,
        *,
        length: int = 0,
        part: Part | None = None,
    ) -> None:
        self._clips, self._config, self._sample_rate, self._seed = clips, config, sample_rate, seed
        self._length, self._part = length or round(config.clip_seconds * sample_rate), part or one_window
        self._left = budget
        self._kept: dict[int, Windows] = {}
        self._lock = Lock()  # of batches that are trained on and batches that are judged on
        self.lost: dict[str, str] = {}

    def __call__(self, batches: Sequence[Asked]) -> Iterator[tuple[Positions, NDArray[np.float32]]]:
        """See `asd_core.training.loop.Source`."""
        waiting: deque[Future[tuple[Positions, NDArray[np.float32]]]] = deque()
        with ThreadPoolExecutor(1, "decode-ahead") as pool:
            try:
                for asked in batches:
                    waiting.append(pool.submit(self.batch, asked))
                    if len(waiting) > _AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def batch(self, asked: Asked) -> tuple[Positions, NDArray[np.float32]]:
        """The positions of a batch that can be read, and their waveforms (B, T)."""
        with self._lock:
            return self._batch(asked)

    def _batch(self, asked: Asked) -> tuple[Positions, NDArray[np.float32]]:
        new = [int(position) for position in asked.positions if int(position) not in self._kept]
        fresh: dict[int, Windows] = {}
        rows = self._clips.take(pa.array(new, pa.int64()))
        outcomes = decoded_windows(rows, self._config, self._sample_rate)
        for position, outcome in zip(new, outcomes, strict=True):
            if isinstance(outcome, ClipError):
                self.lost[self._clips["clip_id"][position].as_py()] = f"{outcome.reason}: {outcome.message}"
                continue
            fresh[position] = outcome
            if outcome.nbytes <= self._left:
                self._left -= outcome.nbytes
                self._kept[position] = outcome
        found = [int(position) for position in asked.positions if int(position) in fresh or int(position) in self._kept]
        waveforms = [
            self._part(
                self._kept[position] if position in self._kept else fresh[position],
                self._length,
                self._seed,
                asked.epoch,
                position,
            )
            for position in found
        ]
        return np.array(found, np.int64), np.stack(waveforms) if waveforms else np.zeros((0, self._length), np.float32)


def one_window(windows: Windows, length: int, seed: int, epoch: int, position: int) -> NDArray[np.float32]:
    """One of a clip's windows (W, T) as float32 (length,), drawn for an epoch; shorter ones are repeated."""
    number = 0
    if len(windows) > 1:
        number = int(np.random.default_rng([seed, 2, epoch, position]).integers(len(windows)))
    return np.resize(as_samples(windows[number]), length).astype(np.float32, copy=False)


def as_samples(row: NDArray[np.float32] | NDArray[np.int16]) -> NDArray[np.float32]:
    """Samples in [-1, 1] of what `smallest` gives."""
    return row / _FULL_SCALE if row.dtype == np.int16 else np.asarray(row, np.float32)


def decoded_windows(clips: pa.Table, config: EncoderConfig, sample_rate: int) -> Iterator[Windows | ClipError]:
    """The windows of each clip, as 16-bit integers where that is exact, or the reason why it has none."""
    for parts in by_clip(decode_shard(clips, config, sample_rate)):
        found = [np.asarray(part.waveforms) for part in parts if part.waveforms is not None]
        if not found or (parts[-1].error is not None and parts[-1].error.transient):
            yield next(part.error for part in parts if part.error is not None)
            continue
        yield smallest(np.concatenate(found) if len({one.shape[1] for one in found}) == 1 else found[0])


def by_clip(decoded: Iterable[DecodedClip]) -> Iterator[list[DecodedClip]]:
    """Decoded clips and segments, those of one recording together."""
    parts: list[DecodedClip] = []
    for one in decoded:
        parts.append(one)
        if not one.goes_on:
            yield parts
            parts = []


def smallest(waveforms: NDArray[np.float32]) -> Windows:
    """Waveforms as 16-bit integers where that is exact: half the bytes."""
    scaled = waveforms * _FULL_SCALE
    if not (scaled.min(initial=0) >= -_FULL_SCALE and scaled.max(initial=0) < _FULL_SCALE):
        return waveforms
    integers = scaled.astype(np.int16)
    return integers if np.array_equal(integers, scaled) else waveforms
