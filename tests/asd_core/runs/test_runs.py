import os
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.runs.embed import embed_run, stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, NIGHTS, by_uri, clip_path, files_of, fitted, listed, touched, write_fleet, write_wav


class Breaks(LocalEngine):
    """An engine that dies after so many shards, or so many groups of machines."""

    def __init__(self, shards=10**9, groups=10**9, workers=4):
        super().__init__()
        self.workers, self._shards, self._groups = workers, shards, groups

    def embed(self, store_url, shards):
        return self._some(super().embed(store_url, shards), self._shards)

    def map(self, function, items, *, on_gpu=False):
        return self._some(super().map(function, items), self._groups)

    def _some(self, outcomes, count):
        for done, outcome in enumerate(outcomes):
            if done >= count:
                raise ConnectionError("the node died")
            yield outcome


def test_every_listed_clip_is_exactly_one_row(tmp_path):
    archive, store = fitted(tmp_path)
    clip_path(archive, "00", NIGHTS[2], 0).write_bytes(b"")
    clips = listed(archive, date=NIGHTS[2])
    record = score(store, KNN, clips, LocalEngine())
    counts = record["counts"]
    assert (counts["listed"], counts["scored"], counts["errors"]) == (8, 7, 1)
    rows = store.read_scores(record)
    assert sorted(rows["clip_id"].to_pylist()) == sorted(clips["clip_id"].to_pylist())
    assert pc.all(pc.xor(rows["anomaly_score"].is_valid(), rows["error_reason"].is_valid())).as_py()
    assert counts["flagged"] == pc.sum(rows["is_flagged"]).as_py()


def test_a_second_run_does_nothing_and_adds_no_file(tmp_path):
    archive, store = fitted(tmp_path)
    first = score(store, KNN, listed(archive), LocalEngine())
    embed_run(store, KNN, listed(archive), LocalEngine())
    before = files_of(tmp_path / "store")
    again = score(store, KNN, listed(archive), LocalEngine())
    _, outcomes = fit(store, KNN, listed(archive, until=NIGHTS[1]), LocalEngine())
    embed_run(store, KNN, listed(archive), LocalEngine())
    assert (first["already_complete"], again["already_complete"]) == (False, True)
    assert again["counts"] == first["counts"] | {"decoded": 0}
    assert not any(outcome.is_new for outcome in outcomes)
    assert files_of(tmp_path / "store") == before


def test_adding_a_night_decodes_only_its_clips(tmp_path):
    archive, store = fitted(tmp_path, until=None)
    write_fleet(archive, dates=["2026-11-04"], clips=3)
    assert embed(store, KNN, listed(archive), LocalEngine()).decoded == 6
    assert embed(store, KNN, listed(archive), LocalEngine()).decoded == 0


def test_changed_bytes_are_a_new_clip_and_its_newest_score_is_read(tmp_path):
    archive, store = fitted(tmp_path)
    path = clip_path(archive, "01", NIGHTS[2], 1)
    before = by_uri(store.read_scores(score(store, KNN, listed(archive), LocalEngine())))
    write_wav(path, seed=5, seconds=1.5)
    record = score(store, KNN, listed(archive), LocalEngine())
    after = by_uri(store.scores(KNN.key()))
    changed = {uri for uri in before if before[uri]["anomaly_score"] != after[uri]["anomaly_score"]}
    assert record["counts"]["decoded"] == 1
    assert changed == {path.as_uri()}
    assert before.keys() == after.keys()


def test_a_new_scorer_makes_a_new_run_and_its_scores_are_the_ones_read(tmp_path):
    archive, store = fitted(tmp_path, until=NIGHTS[0])
    first = score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())
    fit(store, KNN, listed(archive, until=NIGHTS[1]), LocalEngine())
    second = score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())
    assert first["run_id"] != second["run_id"]
    rows = store.scores(KNN.key(), NIGHTS[2])
    assert by_uri(rows) == by_uri(store.read_scores(second)) != by_uri(store.read_scores(first))
    assert set(second["scorers"].values()) == set(rows["scorer_version"].to_pylist())
    assert {version[:7] for version in second["scorers"].values()} == {"v000002"}


def test_corrected_labels_are_another_run(tmp_path):
    archive, store = fitted(tmp_path)
    clips = listed(archive, date=NIGHTS[2])
    position = clips.schema.get_field_index("condition")
    labelled = clips.set_column(position, clips.schema.field("condition"), [["anomalous"] * len(clips)])
    score(store, KNN, clips, LocalEngine())
    assert set(store.read_scores(score(store, KNN, labelled, LocalEngine()))["condition"].to_pylist()) == {"anomalous"}


def test_broken_clips_are_error_rows_with_reasons_and_only_lasting_ones_are_kept(tmp_path):
    archive, store = fitted(tmp_path)
    empty, picture, gone = (clip_path(archive, "00", NIGHTS[2], number) for number in range(3))
    empty.write_bytes(b"")
    picture.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100))
    clips = listed(archive, date=NIGHTS[2])
    moment, data = os.stat(gone), gone.read_bytes()
    gone.unlink()
    rows = by_uri(store.read_scores(score(store, KNN, clips, LocalEngine())))
    assert [rows[path.as_uri()]["error_reason"] for path in (empty, picture, gone)] == [
        "empty",
        "not_audio",
        "vanished",
    ]
    assert "JPEG" in rows[picture.as_uri()]["error"]
    gone.write_bytes(data)
    os.utime(gone, ns=(moment.st_atime_ns, moment.st_mtime_ns))
    healed = score(store, KNN, clips, LocalEngine())
    assert healed["counts"]["errors_by_reason"] == {"empty": 1, "not_audio": 1}
    assert healed["counts"]["decoded"] == 1
    assert by_uri(store.scores(KNN.key()))[gone.as_uri()]["anomaly_score"] > 0


def test_too_many_errors_publish_nothing(tmp_path):
    archive, store = fitted(tmp_path)
    clip_path(archive, "00", NIGHTS[2], 0).write_bytes(b"")
    clips = listed(archive, date=NIGHTS[2])
    runs = store.runs()
    with pytest.raises(AsdError, match="1 of 8 clips are errors .1 empty., more than --max-error-rate 0.1: nothing is"):
        score(store, KNN, clips, LocalEngine(), max_error_rate=0.1)
    assert store.runs() == runs and len(store.scores(KNN.key())) == 0
    assert score(store, KNN, clips, LocalEngine(), max_error_rate=0.125)["counts"]["errors"] == 1
    with pytest.raises(AsdError, match="an earlier run has published them"):
        score(store, KNN, clips, LocalEngine(), max_error_rate=0.1)


def test_clips_of_a_machine_without_a_scorer_are_errors_and_the_others_are_scored(tmp_path):
    archive, store = fitted(tmp_path)
    write_fleet(archive, machines=["09"], dates=[NIGHTS[2]])
    record = score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())
    assert record["counts"]["errors_by_reason"] == {"no_scorer": 4} and record["counts"]["scored"] == 8
    said = {row["error"] for row in store.read_scores(record).to_pylist() if row["machine_id"] == "09"}
    assert len(said) == 1 and said.pop().startswith("no scorer for fan 09: ")


def test_a_machine_that_cannot_be_fitted_stops_no_other(tmp_path):
    archive = write_fleet(tmp_path / "archive", dates=NIGHTS[:1])
    write_wav(clip_path(archive, "one clip", NIGHTS[0], 0), seed=1)
    for number in range(4):
        write_wav(clip_path(archive, "same", NIGHTS[0], number), seed=1)
    clip_path(archive, "broken", NIGHTS[0], 0).parent.mkdir(parents=True)
    clip_path(archive, "broken", NIGHTS[0], 0).write_bytes(b"")
    store = Store(LocalFiles(tmp_path / "store"))
    record, outcomes = fit(store, KNN, listed(archive), LocalEngine())
    said = {outcome.machine_id: (outcome.version is not None, outcome.error, outcome.notes) for outcome in outcomes}
    assert said["00"][0] and said["01"][0] and record["counts"]["machines"] == 5
    assert said["one clip"][1] == "1 normal clip of fan one clip: at least 2 are needed; record more"
    assert said["broken"][1] == "none of 1 normal clips can be used"
    assert said["same"][1] or said["same"][2], "identical clips pass without a word"


@pytest.fixture
def whole(tmp_path):
    """A fleet, and the rows of its last night by runs that nothing broke."""
    archive, store = write_fleet(tmp_path / "archive"), Store(LocalFiles(tmp_path / "whole"))
    fit(store, KNN, listed(archive, until=NIGHTS[1]), LocalEngine())
    return archive, by_uri(store.read_scores(score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())))


@pytest.mark.parametrize("shards", [0, 1, 2])
def test_a_run_that_broke_while_embedding_goes_on_from_what_is_committed(tmp_path, whole, shards):
    archive, expected = whole
    store = Store(LocalFiles(tmp_path / "store"))
    with pytest.raises(ConnectionError):
        embed(store, KNN, listed(archive), Breaks(shards=shards))
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
        embed(store, KNN, listed(archive), Breaks(shards=1))
    embed(store, KNN, listed(archive), LocalEngine())
    for info in store.files.list(f"embeddings/{embed_fingerprint(store)}/shards"):
        store.files.write(info.path, b"not even a Parquet file")
    assert len(store.embedded(embed_fingerprint(store))) == 24


def test_score_files_of_a_broken_run_are_not_seen_and_the_next_run_gives_the_same_rows(tmp_path, whole):
    archive, expected = whole
    store = Store(LocalFiles(tmp_path / "store"))
    fit(store, KNN, listed(archive, until=NIGHTS[1]), LocalEngine())
    with pytest.raises(ConnectionError):
        score(store, KNN, listed(archive, date=NIGHTS[2]), Breaks(groups=1))
    assert store.files.list("score_parts") and not store.files.list("scores") and len(store.scores(KNN.key())) == 0
    record = score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())
    assert by_uri(store.scores(KNN.key())) == by_uri(store.read_scores(record)) == expected


def test_an_embedding_stage_before_a_score_changes_nothing(tmp_path, whole):
    archive, expected = whole
    store = Store(LocalFiles(tmp_path / "store"))
    embed(store, KNN, listed(archive), Breaks(workers=16))
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
        embed(store, KNN, listed(archive), Loses())


def test_an_engine_that_loses_machines_is_not_believed(tmp_path):
    class Loses(LocalEngine):
        def map(self, function, items, *, on_gpu=False):
            return super().map(function, list(items)[1:])

    archive, store = fitted(tmp_path)
    with pytest.raises(AsdError, match="listed 8 clips, but 4 scored . 0 errors: nothing is published"):
        score(store, KNN, listed(archive, date=NIGHTS[2]), Loses())
    assert len(store.scores(KNN.key())) == 0


def test_two_recipes_in_a_store_never_mix(tmp_path):
    archive, store = fitted(tmp_path)
    other = KNN.with_settings({"encoder.r": 0.5})
    score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())
    record = score(store, other, listed(archive, date=NIGHTS[2]), LocalEngine())
    assert record["counts"]["errors_by_reason"] == {"no_scorer": 8}
    assert store.scores(other.key())["anomaly_score"].null_count == 8
    assert store.scores(KNN.key())["anomaly_score"].null_count == 0
    assert len({info.path.split("/")[1] for info in store.files.list("embeddings")}) == 2


def test_recipes_that_differ_in_the_detector_share_embeddings_and_nothing_else(tmp_path):
    archive, store = fitted(tmp_path)
    other = KNN.with_settings({"detector.k": 1})
    record, _ = fit(store, other, listed(archive, until=NIGHTS[1]), LocalEngine())
    assert record["counts"]["decoded"] == 0
    folders = {scorer_folder(key, "fan", machine) for key in (KNN.key(), other.key()) for machine in ("00", "01")}
    assert newest_versions(store, KNN.key()).keys() | newest_versions(store, other.key()).keys() == folders


def test_an_archive_left_out_stands_for_all_stored_clips(tmp_path):
    archive, store = fitted(tmp_path, until=None)
    assert sorted(stored_clips(store, KNN)["uri"].to_pylist()) == sorted(listed(archive)["uri"].to_pylist())
    with pytest.raises(AsdError, match="no embeddings of recipe twfr-knn"):
        stored_clips(Store(LocalFiles(tmp_path / "empty")), KNN)


def test_a_machine_type_with_an_encoder_of_its_own_is_scored_with_it(tmp_path):
    recipe = KNN.with_settings({})
    recipe = type(recipe)("mine", {**KNN.settings, "machine": {"pump": {"encoder.r": 0.5}}})
    archive = write_fleet(tmp_path / "archive", machines=["00"])
    for number in range(6):
        write_wav(clip_path(archive, "00", NIGHTS[0], number, "pump"), seed=number)
    store = Store(LocalFiles(tmp_path / "store"))
    record, _ = fit(store, recipe, listed(archive, until=NIGHTS[1]), LocalEngine())
    scored = score(store, recipe, listed(archive), LocalEngine())
    assert len(set(record["fingerprints"].values())) == 2
    assert scored["counts"]["scored"] == 18
    with pytest.raises(AsdError, match="several encoders, so stored clips are ambiguous"):
        stored_clips(store, recipe)


def test_two_runs_at_once_leave_one_record_and_no_row_twice(tmp_path):
    archive, store = fitted(tmp_path)
    clips = listed(archive, date=NIGHTS[2])
    with ThreadPoolExecutor(2) as pool:
        records = list(pool.map(lambda engine: score(store, KNN, clips, engine), [LocalEngine(), LocalEngine()]))
    assert len(store.runs("score")) == 1 and records[0]["run_id"] == records[1]["run_id"]
    rows = store.scores(KNN.key())
    assert sorted(rows["clip_id"].to_pylist()) == sorted(clips["clip_id"].to_pylist())
    assert len(store.read_scores(store.runs("score")[0])) == len(rows)


def test_a_slower_run_of_more_workers_leaves_what_is_published_as_it_is(tmp_path):
    archive, store = write_fleet(tmp_path / "archive", "abcdefgh"), Store(LocalFiles(tmp_path / "store"))
    fit(store, KNN, listed(archive, until=NIGHTS[1]), LocalEngine())
    clips = listed(archive, date=NIGHTS[2])

    class Slower(Breaks):
        def map(self, function, items, *, on_gpu=False):
            self.other = score(store, KNN, clips, LocalEngine())  # begins and ends while this one is under way
            return super().map(function, items)

    slower = Slower(workers=4)
    record = score(store, KNN, clips, slower)
    assert record["run_id"] == slower.other["run_id"] and record["score_files"] != slower.other["score_files"]
    assert store.run(record["run_id"])["score_files"] == slower.other["score_files"]
    assert by_uri(store.scores(KNN.key())) == by_uri(store.read_scores(record))
    assert len(store.scores(KNN.key())) == 32


def test_of_a_changed_recording_the_version_that_the_newest_run_lists_is_taken(tmp_path):
    archive, store = write_fleet(tmp_path / "archive", clips=1), Store(LocalFiles(tmp_path / "store"))
    embed_run(store, KNN, listed(archive), LocalEngine())
    touched(clip_path(archive, "00", NIGHTS[0], 0))
    embed(store, KNN, listed(archive), LocalEngine())
    assert len(set(stored_clips(store, KNN)["uri"].to_pylist())) == len(stored_clips(store, KNN)) == 6
    embed_run(store, KNN, listed(archive, date=NIGHTS[0]), LocalEngine())
    assert sorted(stored_clips(store, KNN)["clip_id"].to_pylist()) == sorted(listed(archive)["clip_id"].to_pylist())


def test_a_run_that_lists_two_versions_of_a_recording_does_not_tell_which_is_newer(tmp_path):
    archive, store = write_fleet(tmp_path / "archive", clips=1), Store(LocalFiles(tmp_path / "store"))
    old = listed(archive)
    embed(store, KNN, old, LocalEngine())
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
