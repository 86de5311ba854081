import json
import shutil

import pyarrow as pa
import pytest

from asd_core.audio.listening import ALL, Heard
from asd_core.captions.clip_evidence import ClipEvidence
from asd_core.captions.clip_tasks import MEASURES
from asd_core.captions.sources import Tower
from asd_core.captions.tag_tasks import Tagger
from asd_core.encoders.build import embeddings_fingerprint
from asd_core.pipeline.engine import LocalEngine, no_progress
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, NIGHTS, listed, write_fleet

TWFR = KNN.for_machine("fan").encoder
TOWER = Tower("", TWFR, embeddings_fingerprint(TWFR))


class Counts(LocalEngine):
    """An engine that counts the clips it works on."""

    clips = 0

    def embed(self, store_url, shards):
        self.clips += sum(len(shard.clips) for shard in shards)
        return super().embed(store_url, shards)

    def map(self, function, items, *, on_gpu=False):
        for item in items:
            self.clips += len(item.clips)
            yield function(item)


def test_classes_are_told_once_in_a_store_for_each_network(fleet):
    _, clips, store = fleet
    engine, tagger = Counts(), Tagger("mn01_as", "random")
    told, problems = evidence(store, engine, clips).classes(clips, ALL, tagger)
    assert len(told) == engine.clips == len(clips) and not problems
    again, _ = evidence(store, engine, clips, may_read_audio=False).classes(clips, ALL, tagger)
    assert engine.clips == len(clips) and {one: list(logits) for one, logits in again.items()} == {
        one: list(logits) for one, logits in told.items()
    }
    other, problems = evidence(store, engine, clips, False).classes(clips, ALL, Tagger("mn01_as", "random:1"))
    assert other == {} and set(problems) == set(clips["clip_id"].to_pylist())


@pytest.fixture
def fleet(tmp_path):
    archive = write_fleet(tmp_path / "archive", dates=NIGHTS[:1])
    return archive, listed(archive), Store(LocalFiles(tmp_path / "store"))


def evidence(store, engine, clips, may_read_audio=True):
    made = ClipEvidence(store, engine, may_read_audio, no_progress)
    made.reach(None)
    made.remember_dates(clips)
    return made


def test_each_clip_is_measured_once_in_a_store_and_needs_no_audio_afterwards(fleet):
    archive, clips, store = fleet
    engine = Counts()
    first = evidence(store, engine, clips)
    few, _ = first.measures(clips.slice(0, 3), ALL)
    every, problems = first.measures(clips, ALL)
    assert (engine.clips, len(few), len(every), problems) == (8, 3, 8, {})
    shutil.rmtree(archive)
    assert evidence(store, engine, clips, may_read_audio=False).measures(clips, ALL) == (every, {})
    assert engine.clips == 8


def test_measures_of_an_earlier_version_are_taken_again_where_there_is_audio_and_serve_where_there_is_none(fleet):
    archive, clips, store = fleet
    row = json.dumps({"seconds": 1.0, "level": -20.0, "bands": [], "tones": [], "crest": 12.0, "kurtosis": 0.0})
    old = pa.table({"clip_id": clips["clip_id"], "uri": clips["uri"], "measures": [row] * len(clips)})
    store.keep("measures/mix", old.cast(MEASURES), clips["date"].to_pylist())
    served, problems = evidence(store, LocalEngine(), clips, may_read_audio=False).measures(clips, ALL)
    assert problems == {} and {measures.swellings for measures in served.values()} == {None}
    engine = Counts()
    for _ in range(2):
        anew, _ = evidence(store, engine, clips).measures(clips, ALL)
        assert None not in {measures.swellings for measures in anew.values()}
    assert engine.clips == len(clips)


def test_each_channel_is_measured_for_itself(fleet):
    _, clips, store = fleet
    evidence(store, LocalEngine(), clips).measures(clips, ALL)
    _, problems = evidence(store, LocalEngine(), clips, may_read_audio=False).measures(clips, Heard(0))
    assert set(problems) == set(clips["clip_id"].to_pylist())


def test_each_clip_is_embedded_once_and_its_embedding_is_the_stored_one(fleet):
    _, clips, store = fleet
    engine, problems = Counts(), {}
    for _ in range(2):
        table = evidence(store, engine, clips).embeddings(clips, TOWER, problems)
        assert table["clip_id"].to_pylist() == clips["clip_id"].to_pylist() and problems == {}
    assert engine.clips == 8


def test_clips_without_an_embedding_say_why(fleet):
    archive, clips, store = fleet
    problems = {}
    table = evidence(store, Counts(), clips, False).embeddings(clips, TOWER, problems)
    assert len(table) == 0 and set(problems.values()) == {"nothing is stored of it: --read-audio reads the recording"}
    path = next(archive.rglob("00.wav"))
    path.write_bytes(b"")
    problems = {}
    evidence(store, LocalEngine(), clips).embeddings(listed(archive), TOWER, problems)
    assert list(problems.values()) == ["it could not be embedded: empty"]
