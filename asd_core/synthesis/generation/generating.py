"""Making all planned clips on an engine."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.store.store import Store
from asd_core.store.tables import from_parquet
from asd_core.synthesis.generation.archive import Parts, finish, row_of
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
    files, shards, done = store.files, shards_of(planned, config), parts.read(store.files)
    tasks = [
        ShardTask(files.url, parts, number, clips, config.generate_batch, source)
        for number, clips in enumerate(shards)
        if any(clip.path not in done for clip in clips)
    ]
    if not tasks and files.exists(parts.table):
        return from_parquet(files.read(parts.table))
    made_again = {clip.path for task in tasks for clip in task.clips}
    rows = [row for path, row in done.items() if path not in made_again]
    progress("generating clips", len(shards) - len(tasks), len(shards))
    for count, made in enumerate(engine.map(make_shard, tasks, on_gpu=True), len(shards) - len(tasks) + 1):
        rows += made
        progress("generating clips", count, len(shards))
    twice = [clip for clip in planned if clip.refused and clip.path not in done]
    why = [(clip, {"error_reason": "duplicate", "error": clip.refused}) for clip in twice]
    refused = [row_of(clip, source.digest, source.note, **found) for clip, found in why]
    table = finish(files, parts, [*rows, *refused])
    parts.remove(files)
    return table
