from asd_core.clips.archive import list_archive
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.runs.undated_night import undated_night
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, write_dcase, write_fleet, write_wav


def names(clips):
    return sorted(uri.rpartition("/")[2] for uri in clips["uri"].to_pylist())


def archive_of(tmp_path, *numbers):
    for number in numbers:
        write_wav(tmp_path / f"archive/machine_type=fan/take{number}.wav", seed=number)
    return list_archive(str(tmp_path / "archive")).clips


def test_a_night_without_dates_is_what_has_no_score_yet(tmp_path):
    store, key = Store(LocalFiles(tmp_path / "store")), KNN.key()
    clips = archive_of(tmp_path, 1, 2, 3)
    night, note = undated_night(store, key, clips)
    assert len(night) == 3 and note.startswith("none of 3 recordings has a date, so this night is the 3 that have no")
    fit(store, KNN, clips, LocalEngine())
    score(store, KNN, night, LocalEngine(), job="nightly")
    more, _ = undated_night(store, key, archive_of(tmp_path, 4))
    assert names(more) == ["take4.wav"]
    score(store, KNN, more, LocalEngine(), job="nightly")
    again, note = undated_night(store, key, archive_of(tmp_path))
    assert names(again) == ["take4.wav"] and "all have a score: nothing is new" in note
    assert score(store, KNN, again, LocalEngine(), job="nightly")["already_complete"]


def test_what_had_no_scorer_is_tried_again(tmp_path):
    store, clips = Store(LocalFiles(tmp_path / "store")), archive_of(tmp_path, 1, 2)
    assert score(store, KNN, clips, LocalEngine(), job="nightly")["counts"]["errors_by_reason"] == {"no_scorer": 2}
    assert len(undated_night(store, KNN.key(), clips)[0]) == 2


def test_dates_or_a_test_split_decide_where_there_are_any(tmp_path):
    store = Store(LocalFiles(tmp_path / "store"))
    for clips in (list_archive(str(write(tmp_path / write.__name__))).clips for write in (write_fleet, write_dcase)):
        assert undated_night(store, KNN.key(), clips) == (clips, None)
