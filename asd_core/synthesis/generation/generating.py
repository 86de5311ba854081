"""Making all planned clips on an engine."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import pyarrow as pa

from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.store.store import Store
from asd_core.synthesis.generation.archive import Parts, finish, read_archive, row_of
from asd_core.synthesis.generation.plan import PlannedClip, shards_of
from asd_core.synthesis.generation.shard import ShardTask, Source, make_shard


def make_archive(
    store: Store,
    parts: Parts,
    planned: Sequence[PlannedClip],
    config: GeneratorConfig,
    source: Source,
    engine: Engine,
    progress: Progress = no_progress,
) -> pa.Table:
    """Make the clips that a store does not have yet; rows of SYNTHETIC_CLIPS of all planned ones, by path.

    Args:
        store: where they are kept.
        parts: name and digest of the archive.
        planned: its clips.
        config: how many candidates are made at once.
        source: opens the generator, in each process once.
        engine: that makes the shards.
        progress: told (stage, done, total).

    Raises:
        AsdError: not one clip could be kept, or a file cannot be written.
    """
    if (complete := read_archive(store.files, parts.name, parts.digest)) is not None:
        return complete
    shards, done = shards_of(planned, config), parts.read(store.files)
    tasks = [
        ShardTask(store.files.url, parts, number, clips, config.generate_batch, source)
        for number, clips in enumerate(shards)
        if number not in done
    ]
    rows = list(chain.from_iterable(own.to_pylist() for own in done.values()))
    progress("generating clips", len(done), len(shards))
    for count, made in enumerate(engine.map(make_shard, tasks, on_gpu=True), len(done) + 1):
        rows += made
        progress("generating clips", count, len(shards))
    why = [(clip, {"error_reason": "duplicate", "error": clip.refused}) for clip in planned if clip.refused]
    refused = [row_of(clip, source.digest, source.note, **found) for clip, found in why]
    table = finish(store.files, parts.name, parts.digest, [*rows, *refused])
    parts.remove(store.files)
    return table
