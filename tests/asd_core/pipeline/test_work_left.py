import pyarrow as pa
import pytest

from asd_core.encoders.config import EncoderConfig
from asd_core.pipeline.planning import cut_shards
from asd_core.pipeline.work_left import seconds_of
from tests.asd_core.pipeline.clips import clips

TEN_SECONDS = 320_044  # bytes


def seconds(count, kind="twfr", place="file:///a", size=TEN_SECONDS):
    table = clips([f"{place}/{number}.wav" for number in range(count)])
    sizes = pa.array([size] * count, pa.int64())
    table = table.set_column(table.schema.get_field_index("size"), "size", sizes)
    return seconds_of(cut_shards(table, EncoderConfig(kind=kind), "f"))


def test_ten_second_clips_cost_some_milliseconds_each_and_twice_as_many_cost_twice_as_much():
    assert 1 < seconds(1000) < 5
    assert seconds(2000) == pytest.approx(2 * seconds(1000))


def test_longer_recordings_networks_and_classes_of_ones_own_and_clips_on_s3_cost_more():
    plain = seconds(100)
    assert seconds(100, size=60 * TEN_SECONDS) > 30 * plain
    assert seconds(100, kind="clap") > 50 * plain
    assert 5 * plain < seconds(100, kind="my_package.module:Class") < 20 * plain
    assert seconds(100, place="s3://bucket/a") > 2 * plain


def test_no_shards_are_no_work():
    assert seconds_of([]) == 0
