import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from asd_core.encoders.config import EncoderConfig
from asd_core.pipeline.planning import (
    LARGEST_SHARD,
    LARGEST_SHARD_OF_MANY,
    MOST_BYTES,
    SHARD_BYTES,
    SMALLEST_SHARD_OF_GPU,
    cut_shards,
    machine_groups,
    missing,
)
from asd_core.store.tables import CLIPS


def clips(sizes, dates=1):
    """Clips of machines 0, 1, ... with so many clips each."""
    machines = [machine for machine, size in enumerate(sizes) for _ in range(size)]
    count = len(machines)
    columns = {name: [""] * count for name in CLIPS.names}
    columns |= {"clip_id": [f"{i:08d}" for i in range(count)], "uri": [f"file:///{i:08d}" for i in range(count)]}
    columns |= {"machine_type": ["fan"] * count, "machine_id": [f"{machine:05d}" for machine in machines]}
    columns |= {
        "recorded_at": [None] * count,
        "size": [1] * count,
        "date": [f"2026-11-{1 + i % dates:02d}" for i in range(count)],
    }
    return pa.table(columns, schema=CLIPS)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=30), st.integers(1, 16))
def test_every_clip_lies_in_exactly_one_shard_and_none_is_too_large(sizes, workers):
    table = clips(sizes, dates=3)
    shards = cut_shards(table, EncoderConfig(), "f", workers)
    ids = [clip_id for shard in shards for clip_id in shard.clips["clip_id"].to_pylist()]
    assert sorted(ids) == table["clip_id"].to_pylist()
    assert max(len(shard.clips) for shard in shards) <= LARGEST_SHARD
    assert len({shard.name for shard in shards}) == len(shards)


def test_small_machines_are_packed_whole():
    shards = cut_shards(clips([30] * 1000), EncoderConfig(), "f", workers=8)
    assert len(shards) == 250  # four whole machines of 30 in each 128
    for shard in shards:
        machines = shard.clips["machine_id"].value_counts().to_pylist()
        assert {entry["counts"] for entry in machines} == {30}


def test_a_large_machine_is_cut_into_like_pieces_of_its_own():
    shards = cut_shards(clips([10, 1000, 10]), EncoderConfig(), "f")
    own = [shard for shard in shards if shard.clips["machine_id"].unique().to_pylist() == ["00001"]]
    sizes = [len(shard.clips) for shard in own]
    assert sum(sizes) == 1000 and max(sizes) - min(sizes) <= 1


def test_more_workers_cut_a_small_archive_finer():
    assert len(cut_shards(clips([100]), EncoderConfig(), "f", workers=1)) == 4
    assert len(cut_shards(clips([100]), EncoderConfig(), "f", workers=2)) == 9


def test_the_same_clips_have_the_same_shard_name_and_another_fingerprint_another():
    first, again = cut_shards(clips([9]), EncoderConfig(), "f"), cut_shards(clips([9]), EncoderConfig(), "f")
    other = cut_shards(clips([9]), EncoderConfig(), "g")
    assert [s.name for s in first] == [s.name for s in again] != [s.name for s in other]


def test_missing_is_the_manifest_less_what_is_embedded():
    table = clips([5])
    assert missing(table, table.slice(0, 3))["clip_id"].to_pylist() == ["00000003", "00000004"]
    assert len(missing(table, table)) == 0


@settings(max_examples=50)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.integers(1, 100))
def test_groups_hold_whole_machines_and_are_larger_only_by_the_last(sizes, size):
    groups = machine_groups(clips(sizes), size)
    seen = [machine for group in groups for machine in group["machine_id"].unique().to_pylist()]
    assert len(seen) == len(set(seen)) == len(sizes)
    assert sum(len(group) for group in groups) == sum(sizes)
    for group in groups:
        last = group["machine_id"].to_pylist().count(group["machine_id"][-1].as_py())
        assert len(group) - last < size


def test_nothing_to_do_is_no_shard_and_no_group():
    assert cut_shards(clips([]), EncoderConfig(), "f") == []
    assert machine_groups(clips([]), 10) == []


def test_a_worker_with_dozens_of_shards_gets_fewer_and_larger_ones():
    shards = cut_shards(clips([40_000]), EncoderConfig(), "f", workers=2)
    assert LARGEST_SHARD < max(len(shard.clips) for shard in shards) <= LARGEST_SHARD_OF_MANY


def test_long_recordings_lie_in_small_shards():
    few, size = clips([400]), 16 << 20
    heavy = few.set_column(few.schema.get_field_index("size"), "size", [pa.array([size] * 400)])
    assert max(len(shard.clips) for shard in cut_shards(heavy, EncoderConfig(), "f")) * size <= SHARD_BYTES


@settings(max_examples=50)
@given(st.lists(st.integers(1, MOST_BYTES * 2), min_size=1, max_size=40), st.integers(1, 16))
def test_a_shard_of_several_recordings_is_never_too_large_to_travel(sizes, workers):
    table = clips([len(sizes)])
    table = table.set_column(table.column_names.index("size"), "size", pa.array(sizes, pa.int64()))
    shards = cut_shards(table, EncoderConfig(), "f", workers)
    assert sorted(uri for shard in shards for uri in shard.clips["uri"].to_pylist()) == table["uri"].to_pylist()
    assert all(len(shard.clips) == 1 or sum(shard.clips["size"].to_pylist()) <= MOST_BYTES for shard in shards)


def test_recordings_of_an_hour_are_shards_of_their_own():
    table = clips([20])
    table = table.set_column(table.column_names.index("size"), "size", pa.array([3600 * 48_000 * 2] * 20, pa.int64()))
    assert [len(shard.clips) for shard in cut_shards(table, EncoderConfig(), "f")] == [1] * 20


def test_a_gpu_gets_shards_that_fill_a_batch():
    shards = cut_shards(clips([300]), EncoderConfig(), "f", 16, SMALLEST_SHARD_OF_GPU)
    assert [len(shard.clips) for shard in shards] == [60] * 5
