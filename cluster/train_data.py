"""The waveforms of a training through Ray Data: tasks beside a worker decode its batches, in their order."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import groupby
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from asd_core.pipeline.threads import one_thread
from asd_core.training.ahead import ahead
from asd_core.training.job import AnyJob
from asd_core.training.loop import Asked
from asd_core.training.plan import Positions
from asd_core.training.waveforms import smallest

_AHEAD = 4  # batches that wait in the worker, so that an epoch's stream starts while the last one's are trained on
_RETRIES = 2  # of a decoding task whose process died


class RayDataWaveforms:
    """Decodes the batches of one worker, an epoch's stream after the other.

    Args:
        job: the training.
        sample_rate: Hz of the network.
        cpus: of one decoding task.
    """

    def __init__(self, job: AnyJob, sample_rate: int, cpus: float) -> None:
        self._job, self._sample_rate, self._cpus = job, sample_rate, cpus
        self._clips: Any = None  # in the object store, from the first stream on
        self.lost: dict[str, str] = {}

    def __call__(self, batches: Sequence[Asked]) -> Iterator[tuple[Positions, NDArray[np.float32]]]:
        """See `asd_core.training.loop.Source`."""
        return ahead(self._batches(batches), _AHEAD)

    def _batches(self, batches: Sequence[Asked]) -> Iterator[tuple[Positions, NDArray[np.float32]]]:
        for _, epoch in groupby(batches, key=lambda asked: asked.epoch):
            yield from self._stream(list(epoch))

    def _stream(self, batches: list[Asked]) -> Iterator[tuple[Positions, NDArray[np.float32]]]:
        import ray
        from ray.data import DataContext

        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.execution_options.verbose_progress = False
        context.execution_options.preserve_order = True
        if self._clips is None:
            self._clips = ray.put(self._job.clips)
        items = [{"epoch": asked.epoch, "positions": asked.positions.tobytes()} for asked in batches]
        with warnings.catch_warnings():
            # This version of Ray Data bounds retries only by arguments that it deprecates.
            warnings.simplefilter("ignore", DeprecationWarning)
            rows = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
                cast(Any, decode_batch),
                batch_size=1,
                num_cpus=self._cpus,
                fn_kwargs={
                    "clips": self._clips,
                    "job": replace(self._job, clips=None, indices=None),
                    "sample_rate": self._sample_rate,
                },
                max_retries=_RETRIES,
            )
        with closing(cast("Generator[Any, None, None]", iter(rows.iter_rows()))) as found:
            for row in found:
                head = json.loads(row["head"])
                self.lost |= head["lost"]
                waveforms = np.frombuffer(row["waveforms"], head["kind"]).reshape(head["shape"])
                yield np.array(head["positions"], np.int64), as_float(waveforms)


def decode_batch(row: Any, clips: Any, job: AnyJob, sample_rate: int) -> Any:
    """Decode one batch: the row then has the waveforms, 16-bit where that is exact, and a head as JSON.

    Args:
        row: its epoch and positions.
        clips: rows of CLIPS, as a reference into the object store.
        job: the training, without clips.
        sample_rate: Hz.
    """
    import ray

    asked = Asked(int(row["epoch"][0]), np.frombuffer(bytes(row["positions"][0]), np.int64))
    decoder = job.waveforms(ray.get(clips), sample_rate, 0)
    with one_thread():
        positions, waveforms = decoder.batch(asked)
    packed = np.ascontiguousarray(smallest(waveforms))
    head = {
        "positions": positions.tolist(),
        "lost": decoder.lost,
        "kind": packed.dtype.str,
        "shape": packed.shape,
    }
    return {
        "head": np.array([json.dumps(head)], object),
        "waveforms": np.array([packed.tobytes()], object),
    }


def as_float(waveforms: NDArray[Any]) -> NDArray[np.float32]:
    """Waveforms of `decode_batch` as float32, to the bit as they were."""
    if waveforms.dtype == np.int16:
        return waveforms / np.float32(1 << 15)
    return np.array(waveforms, np.float32)
