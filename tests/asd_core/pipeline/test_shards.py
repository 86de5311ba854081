import json
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from asd_core.encoders.config import EncoderConfig
from asd_core.pipeline.shards import Shard, ShardOutcome, outcome_from, shard_from_bytes, shard_name, shard_to_bytes
from tests.asd_core.pipeline.clips import clips


def test_a_shard_survives_the_trip_between_processes():
    shard = Shard("s", clips(["a", "b"]), EncoderConfig(options='{"r": 0.5}', channel=1), "f")
    assert shard_from_bytes(shard_to_bytes(shard)) == shard


def test_an_outcome_survives_the_trip_as_json():
    outcome = ShardOutcome("s", {"a": "empty"}, {"b": ("vanished", "gone"), "c": ("changed", "replaced")}, 0.5, 1.25)
    assert outcome_from(json.loads(json.dumps(asdict(outcome)))) == outcome


@given(st.lists(st.text(max_size=4), max_size=5), st.randoms())
def test_a_name_is_that_of_the_set_of_clips_whatever_their_order(ids, random):
    other = random.sample(ids, len(ids))
    assert shard_name(ids, "f") == shard_name(other, "f")
    assert len({shard_name(ids, "f"), shard_name(ids, "g"), shard_name([*ids, "one more"], "f")}) == 3
