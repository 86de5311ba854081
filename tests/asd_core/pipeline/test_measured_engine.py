import shutil

import pytest

from asd_core.encoders.config import EncoderConfig
from asd_core.metrics.recorder import Counts
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.measured_engine import MeasuredEngine
from asd_core.pipeline.shards import Shard, ShardOutcome
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, NIGHTS, by_uri, clip_path, fitted, listed


def measured(engine=None):
    counts = Counts()
    return MeasuredEngine(engine or LocalEngine(), counts), counts


def value(counts, name, **labels):
    found = [
        value
        for (own, pairs), value in counts.values().items()
        if own == name and labels.items() <= dict(pairs).items()
    ]
    return sum(found)


@pytest.fixture
def plant(tmp_path):
    archive, store = fitted(tmp_path)
    clip_path(archive, "00", NIGHTS[2], 0).write_bytes(b"")
    clip_path(archive, "01", NIGHTS[2], 1).write_bytes(b"not a recording")
    return store, listed(archive, date=NIGHTS[2])


def test_the_metrics_of_a_night_agree_with_its_record(plant):
    engine, counts = measured()
    record = score(plant[0], KNN, plant[1], engine)
    told = record["counts"]
    assert value(counts, "asd_clips_decoded_total") == told["decoded"] == 8
    assert value(counts, "asd_clips_scored_total") == told["scored"] == 6
    assert value(counts, "asd_clips_flagged_total") == told["flagged"]
    assert value(counts, "asd_clip_errors_total", stage="score") == told["errors"] == 2
    for reason, count in told["errors_by_reason"].items():
        for stage in ("embed", "score"):
            assert value(counts, "asd_clip_errors_total", stage=stage, reason=reason) == count
    assert value(counts, "asd_shards_left") == 0 < value(counts, "asd_shards_total")
    assert value(counts, "asd_encode_seconds_total", device="cpu") > 0 < value(counts, "asd_decode_seconds_total")


def test_a_night_that_is_measured_has_the_rows_of_one_that_is_not(plant, tmp_path):
    shutil.copytree(tmp_path / "store", tmp_path / "other")
    stores = {plant[0]: measured()[0], Store(LocalFiles(tmp_path / "other")): LocalEngine()}
    rows = [by_uri(store.read_scores(score(store, KNN, plant[1], engine))) for store, engine in stores.items()]
    assert rows[0] == rows[1]


def test_a_night_that_was_complete_counts_nothing_again(plant):
    score(plant[0], KNN, plant[1], LocalEngine())
    engine, counts = measured()
    assert score(plant[0], KNN, plant[1], engine)["already_complete"]
    assert set(counts.values().values()) <= {0}


class InPieces(LocalEngine):
    """Gives each shard back in two pieces, as one whose worker crashed comes."""

    def embed(self, store_url, shards):
        for shard in shards:
            for part in (shard.clips.slice(0, 1), shard.clips.slice(1)):
                reasons = dict.fromkeys(part["clip_id"].to_pylist()[:1], ("/a/clip.wav is odd", "said"))
                yield Shard(shard.name, part, shard.encoder, shard.fingerprint), ShardOutcome(shard.name, {}, reasons)


def test_what_is_left_is_told_by_recordings_and_an_odd_reason_is_other(plant):
    engine, counts = measured(InPieces())
    clips, encoder = plant[1], KNN.for_machine("fan").encoder
    shards = [Shard(str(number), clips.slice(number * 4, 4), encoder, "f") for number in range(2)]
    left = []
    for _ in engine.embed("", shards):
        left.append(value(counts, "asd_shards_left"))
    assert left == sorted(left, reverse=True) and left[0] == 2 and left[-1] == 0
    assert value(counts, "asd_clips_decoded_total") == 8
    assert value(counts, "asd_clip_errors_total", stage="embed", reason="other") == 4


def test_it_works_as_the_engine_it_measures_does():
    engine, _ = measured()
    assert (engine.workers, engine.device) == (1, "cpu") and list(engine.map(abs, [-1, 2])) == [1, 2]


class OnGpu(InPieces):
    """Says that it computes on a GPU."""

    def __init__(self):
        super().__init__("cuda")


@pytest.mark.parametrize(("kind", "device"), [("clap", "cuda"), ("twfr", "cpu")])
def test_time_in_an_encoder_is_the_gpus_only_where_it_computes_there(plant, kind, device):
    engine, counts = measured(OnGpu())
    list(engine.embed("", [Shard("0", plant[1].slice(0, 4), EncoderConfig(kind), "f")]))
    assert {dict(labels).get("device") for (name, labels) in counts.values() if "encode" in name} == {device}
