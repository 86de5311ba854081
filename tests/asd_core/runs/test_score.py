import os
from concurrent.futures import ThreadPoolExecutor

import pyarrow.compute as pc
import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.embed import embed_run
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.runs.breaking import Breaks
from tests.fleet import KNN, NIGHTS, by_uri, clip_path, files_of, fitted, listed, write_fleet, write_wav


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


def test_score_files_of_a_broken_run_are_not_seen_and_the_next_run_gives_the_same_rows(tmp_path, whole):
    archive, expected = whole
    store = Store(LocalFiles(tmp_path / "store"))
    fit(store, KNN, listed(archive, until=NIGHTS[1]), LocalEngine())
    with pytest.raises(ConnectionError):
        score(store, KNN, listed(archive, date=NIGHTS[2]), Breaks(groups=1))
    assert store.files.list("score_parts") and not store.files.list("scores") and len(store.scores(KNN.key())) == 0
    record = score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())
    assert by_uri(store.scores(KNN.key())) == by_uri(store.read_scores(record)) == expected


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


def thresholds(rows):
    return sorted(set(rows["decision_threshold"].drop_null().to_pylist()))


def test_another_threshold_scores_again_with_the_same_scorers_and_the_last_one_asked_for_counts(tmp_path):
    archive, store = fitted(tmp_path)
    clips, strict = listed(archive, date=NIGHTS[2]), KNN.with_settings({"threshold.quantile": 0.1})
    first = score(store, KNN, clips, LocalEngine())
    second = score(store, strict, clips, LocalEngine())
    assert second["counts"]["decoded"] == 0 and second["scorers"] == first["scorers"] and not second["already_complete"]
    assert second["counts"]["flagged"] >= first["counts"]["flagged"]
    low, high = thresholds(store.read_scores(second)), thresholds(store.read_scores(first))
    assert low < high and thresholds(store.scores(KNN.key())) == low
    third = score(store, KNN, clips, LocalEngine())
    assert not third["already_complete"] and thresholds(store.scores(KNN.key())) == high
    assert score(store, KNN, clips, LocalEngine())["run_id"] == third["run_id"]
    fourth = score(store, strict, clips, LocalEngine())
    assert not fourth["already_complete"] and thresholds(store.scores(KNN.key())) == low


def test_nights_of_before_stay_as_they_were_judged(tmp_path):
    archive, store = fitted(tmp_path)
    before = score(store, KNN, listed(archive, date=NIGHTS[1]), LocalEngine())
    score(store, KNN.with_settings({"threshold.quantile": 0.5}), listed(archive, date=NIGHTS[2]), LocalEngine())
    assert by_uri(store.scores(KNN.key(), NIGHTS[1])) == by_uri(store.read_scores(before))


def test_a_record_tells_the_scorers_whose_threshold_is_not_that_of_their_fit(tmp_path):
    archive, store = fitted(tmp_path)
    clips = listed(archive, date=NIGHTS[2])
    assert score(store, KNN, clips, LocalEngine())["judged_anew"] == {}
    record = score(store, KNN.with_settings({"threshold.quantile": 0.5}), clips, LocalEngine())
    assert record["judged_anew"].keys() == record["scorers"].keys()
    told = sorted(judged["threshold"] for judged in record["judged_anew"].values())
    assert told == thresholds(store.read_scores(record))
