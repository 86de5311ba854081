"""The stream of shards through Ray Data: decode (CPU tasks) → encode and commit (actors on GPUs or CPUs) → outcomes."""

from __future__ import annotations

import gc
import json
import logging
import threading
import time
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.encoders.build import new_encoder
from asd_core.encoders.config import EncoderConfig
from asd_core.encoders.protocol import Encoder, native_rates
from asd_core.errors import AsdError
from asd_core.pipeline.decoding import decode_shard
from asd_core.pipeline.embedding import ShardEmbedder
from asd_core.pipeline.shards import Shard, ShardOutcome, outcome_from, shard_from_bytes, shard_to_bytes
from asd_core.pipeline.threads import one_thread
from cluster.broken_gpu import leave_broken_process
from cluster.crashing_clips import embed_alone
from cluster.decoded_bytes import pack, unpack
from cluster.failures import GOES_ON, innermost, nothing_finished

if TYPE_CHECKING:
    from cluster.resources import Resources

Row = dict[str, NDArray[Any]]
"""Columns of a Ray Data batch of one row."""

_PASSES = 4
_LARGEST_ROW = 1 << 30  # bytes of decoded clips; a value in a table of Arrow's holds 2 GiB
_DECODED_AHEAD = 64 << 20  # bytes of recordings in a shard whose segments are sent to the encoder all at once
_DECODE_RETRIES = 2  # by default a task whose worker crashed is tried again without end
_EXECUTOR_SECONDS = 10.0  # that the thread of a stream which broke off is waited for


def embed_shards(
    store_url: str, shards: Sequence[Shard], resources: Resources, encoders: int, no_progress_seconds: float
) -> Iterator[tuple[Shard, ShardOutcome]]:
    """Decode, embed and commit every shard on the open Ray session, in any order.

    A pass streams all shards. Shards that it does not finish, because workers or nodes died, go into another pass as
    long as passes finish something. The last ones are embedded alone (`cluster.crashing_clips`), where a clip that
    kills its process is found.

    Args:
        store_url: a store that every node reaches.
        shards: to embed; each is one row of the data set, so that nothing is ever shuffled.
        resources: of tasks and actors.
        encoders: largest number of encoder actors.
        no_progress_seconds: a pass that finishes nothing for so long ends.

    Yields:
        The committed shards, or pieces of those that killed their workers, with their outcomes.

    Raises:
        AsdError: an encoder fails, or nothing finishes; the same command goes on from what is committed.
    """
    waiting = {shard.name: shard for shard in shards}
    for _ in range(_PASSES):
        before, failure = len(waiting), None
        try:
            for outcome in _stream(store_url, list(waiting.values()), resources, encoders, no_progress_seconds):
                if (shard := waiting.pop(outcome.name, None)) is not None:
                    yield shard, outcome
        except _RayFailure as error:
            failure = error
        if not waiting:
            return
        if len(waiting) == before and failure is not None:
            raise AsdError(f"embedding stopped: {failure}; {GOES_ON}")
        if failure is None and (len(waiting) == before or len(waiting) <= encoders):
            break
    yield from embed_alone(store_url, list(waiting.values()), resources, no_progress_seconds)


class _RayFailure(Exception):
    """Ray ended a pass early."""


def _stream(
    store_url: str, shards: list[Shard], resources: Resources, encoders: int, no_progress_seconds: float
) -> Iterator[ShardOutcome]:
    """Stream the shards through Ray Data once; those whose workers died have no outcome."""
    import ray
    from ray.data import ActorPoolStrategy, DataContext, Dataset
    from ray.data.exceptions import ExecutionTimeoutError, SystemException

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.verbose_progress = False
    context.print_on_execution_start = False
    context.execution_no_progress_timeout_s = no_progress_seconds
    # A block is one shard, and `embed_shards` counts the outcomes, so that a lost block is never a lost clip.
    context.max_errored_blocks = -1
    on_gpu, in_encoder = resources.on_gpu, resources.decodes_in_encoder
    # `from_arrow` would start a task for each block and wait for all of them, past every guard.
    items = [{"shard": shard_to_bytes(shard)} for shard in shards]
    rows: Dataset = ray.data.from_items(items, override_num_blocks=len(items))
    with warnings.catch_warnings():
        # This version of Ray Data bounds retries only by arguments that it deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        if not in_encoder:
            rows = rows.map_batches(
                decode_rows, batch_size=1, num_cpus=resources.cpus_per_worker, max_retries=_DECODE_RETRIES
            )
        outcomes = rows.map_batches(
            EncodeRows,
            fn_constructor_args=(store_url, "cuda" if on_gpu else "cpu"),
            batch_size=1,
            compute=ActorPoolStrategy(min_size=1, max_size=encoders, initial_size=encoders),
            num_gpus=resources.gpus_per_encoder or None,
            # Encoders that decoders feed ask for no CPU, so that they never take one from the decoders.
            num_cpus=resources.cpus_per_worker if in_encoder else 0,
            ray_remote_args_fn=_bounded_retries,
        )
    is_whole = False
    try:
        # Closed, the stream ends its actors: they else hold their CPUs until Python collects it.
        with closing(cast("Generator[Any, None, None]", iter(outcomes.iter_rows()))) as found:
            for row in found:
                outcome = json.loads(row["outcome"])
                if "failure" in outcome:
                    raise AsdError(f"an encoder failed: {outcome['failure']}")
                yield outcome_from(outcome)
        is_whole = True
    except ExecutionTimeoutError as error:
        raise _RayFailure(nothing_finished(no_progress_seconds)) from error
    except (ray.exceptions.RayError, SystemException, RuntimeError, TimeoutError) as error:
        raise _RayFailure(innermost(error)) from error
    finally:
        if not is_whole:
            _let_go()


def _let_go() -> None:
    """Give back the CPUs of a stream that broke off: a busy executor's thread holds its actors beyond the stream's end.

    Ray Data waits for that thread for two seconds. What it held lies in cycles then, which Python collects later.
    """
    for thread in threading.enumerate():
        if type(thread).__name__ == "StreamingExecutor":
            thread.join(_EXECUTOR_SECONDS)
    gc.collect()


def decode_rows(row: Any) -> Any:
    """Decode the clips of a row's shard; the row then has them as bytes (`pack`).

    Long recordings that are cut into segments are left to the encoder, which holds a few segments at a time.
    """
    shard = shard_from_bytes(bytes(row["shard"][0]))
    start = time.perf_counter()
    if shard.encoder.is_segmented and pc.sum(shard.clips["size"]).as_py() > _DECODED_AHEAD:
        return {"shard": row["shard"], "decoded": np.array([b""], object), "seconds": np.zeros(1)}
    with one_thread():
        encoder = _encoder(shard.encoder)
        rates = native_rates(encoder)
        decoded = list(decode_shard(shard.clips, shard.encoder, encoder.sample_rate, native_rates=rates))
    payload = pack(decoded)
    if len(payload) > _LARGEST_ROW:  # recordings that were small only as files: the encoder decodes them itself
        payload = b""
    return {
        "shard": row["shard"],
        "decoded": np.array([payload], object),
        "seconds": np.array([time.perf_counter() - start]),
    }


@lru_cache(maxsize=8)
def _encoder(config: EncoderConfig) -> Encoder:
    """The encoder of a configuration, made once a process: one of a user's own may read its weights when it is made."""
    return new_encoder(config)


class EncodeRows:
    """An encoder actor: embeds and commits one shard at a time."""

    def __init__(self, store_url: str, device: str) -> None:
        self._embedder = ShardEmbedder(store_url, device)

    def __call__(self, row: Row) -> Row:
        """Embed the shard of a row, decoded or not; returns a row with its outcome, or its failure, as JSON.

        A failure of the GPU ends the process, so that another one embeds the shard.
        """
        try:
            outcome = vars(self._embed(row))
        except Exception as error:  # unlike a worker's death, which raises none
            leave_broken_process(error)
            outcome = {"failure": " ".join(str(error).split()) or type(error).__name__}
        return {"outcome": np.array([json.dumps(outcome)], object)}

    def _embed(self, row: Row) -> ShardOutcome:
        shard = shard_from_bytes(bytes(row["shard"][0]))
        if "decoded" not in row or not row["decoded"][0]:
            return self._embedder(shard)
        self._embedder.encoder(shard)  # before threads are limited: see ShardEmbedder
        with one_thread():
            return self._embedder.commit(shard, [unpack(bytes(row["decoded"][0]))], float(row["seconds"][0]))


def _bounded_retries() -> dict[str, Any]:
    """Options that bound the retries of a crashed worker's task, endless by default; workers may restart endlessly."""
    return {"max_restarts": -1, "max_task_retries": 1}
