import pyarrow as pa
import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.embed_missing import embed as embed_missing
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.embed import embed_run, stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.runs.breaking import Breaks
from tests.fleet import KNN, NIGHTS, by_uri, clip_path, fitted, listed, touched, write_fleet


def embed(store, clips, engine):
    return embed_missing(store, KNN.encoders_of(clips), clips, engine)


def test_adding_a_night_decodes_only_its_clips(tmp_path):
    archive, store = fitted(tmp_path, until=None)
    write_fleet(archive, dates=["2026-11-04"], clips=3)
    assert embed(store, listed(archive), LocalEngine()).decoded == 6
    assert embed(store, listed(archive), LocalEngine()).decoded == 0


@pytest.mark.parametrize("shards", [0, 1, 2])
def test_a_run_that_broke_while_embedding_goes_on_from_what_is_committed(tmp_path, whole, shards):
    archive, expected = whole
    store = Store(LocalFiles(tmp_path / "store"))
    with pytest.raises(ConnectionError):
        embed(store, listed(archive), Breaks(shards=shards))
    committed = len(store.embedded(embed_fingerprint(store)))
    assert 0 < committed < 24
    record, _ = fit(store, KNN, listed(archive, until=NIGHTS[1]), LocalEngine())
    last = score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())
    assert committed + record["counts"]["decoded"] + last["counts"]["decoded"] == 24
    assert by_uri(store.read_scores(last)) == expected


def embed_fingerprint(store):
    """The only fingerprint with embeddings in a store."""
    (name,) = {info.path.split("/")[1] for info in store.files.list("embeddings")}
    return name


def test_shards_of_a_broken_run_are_indexed_by_the_next_and_not_opened_again(tmp_path, whole):
    archive, _ = whole
    store = Store(LocalFiles(tmp_path / "store"))
    with pytest.raises(ConnectionError):
        embed(store, listed(archive), Breaks(shards=1))
    embed(store, listed(archive), LocalEngine())
    for info in store.files.list(f"embeddings/{embed_fingerprint(store)}/shards"):
        store.files.write(info.path, b"not even a Parquet file")
    assert len(store.embedded(embed_fingerprint(store))) == 24


def test_an_embedding_stage_before_a_score_changes_nothing(tmp_path, whole):
    archive, expected = whole
    store = Store(LocalFiles(tmp_path / "store"))
    embed(store, listed(archive), Breaks(workers=16))
    fit(store, KNN, listed(archive, until=NIGHTS[1]), LocalEngine())
    record = score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())
    assert record["counts"]["decoded"] == 0
    assert by_uri(store.read_scores(record)) == expected


def test_an_engine_that_loses_shards_is_not_believed(tmp_path):
    class Loses(LocalEngine):
        def embed(self, store_url, shards):
            return super().embed(store_url, shards[1:])

    archive, store = write_fleet(tmp_path / "archive"), Store(LocalFiles(tmp_path / "store"))
    with pytest.raises(AsdError, match=r"6 of 24 clips were not embedded: run the same command again"):
        embed(store, listed(archive), Loses())


def test_an_archive_left_out_stands_for_all_stored_clips(tmp_path):
    archive, store = fitted(tmp_path, until=None)
    assert sorted(stored_clips(store, KNN)["uri"].to_pylist()) == sorted(listed(archive)["uri"].to_pylist())
    with pytest.raises(AsdError, match="no embeddings of recipe twfr-knn"):
        stored_clips(Store(LocalFiles(tmp_path / "empty")), KNN)


def test_of_a_changed_recording_the_version_that_the_newest_run_lists_is_taken(tmp_path):
    archive, store = write_fleet(tmp_path / "archive", clips=1), Store(LocalFiles(tmp_path / "store"))
    embed_run(store, KNN, listed(archive), LocalEngine())
    touched(clip_path(archive, "00", NIGHTS[0], 0))
    embed(store, listed(archive), LocalEngine())
    assert len(set(stored_clips(store, KNN)["uri"].to_pylist())) == len(stored_clips(store, KNN)) == 6
    embed_run(store, KNN, listed(archive, date=NIGHTS[0]), LocalEngine())
    assert sorted(stored_clips(store, KNN)["clip_id"].to_pylist()) == sorted(listed(archive)["clip_id"].to_pylist())


def test_a_run_that_lists_two_versions_of_a_recording_does_not_tell_which_is_newer(tmp_path):
    archive, store = write_fleet(tmp_path / "archive", clips=1), Store(LocalFiles(tmp_path / "store"))
    old = listed(archive)
    embed(store, old, LocalEngine())
    touched(clip_path(archive, "00", NIGHTS[0], 0))
    embed_run(store, KNN, pa.concat_tables([old, listed(archive, date=NIGHTS[0])]), LocalEngine())
    with pytest.raises(AsdError, match="1 recordings are stored in several versions.* run asd embed"):
        stored_clips(store, KNN)
    embed_run(store, KNN, listed(archive), LocalEngine())
    assert sorted(stored_clips(store, KNN)["clip_id"].to_pylist()) == sorted(listed(archive)["clip_id"].to_pylist())


def test_a_broken_manifest_is_said_where_it_would_tell_the_newest_version(tmp_path):
    archive, store = write_fleet(tmp_path / "archive", clips=1), Store(LocalFiles(tmp_path / "store"))
    embed_run(store, KNN, listed(archive), LocalEngine())
    touched(clip_path(archive, "00", NIGHTS[0], 0))
    record = embed_run(store, KNN, listed(archive), LocalEngine())
    store.files.write(record["clips"], b"PAR1 the disk was full")
    with pytest.raises(AsdError, match=r"clips/embed-\w+.parquet in the store is broken"):
        stored_clips(store, KNN)
    store.files.delete(record["clips"])
    assert len(stored_clips(store, KNN)) == 6
