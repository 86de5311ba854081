import io
import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import soundfile

from asd_core.captions.selection import CaptionOrder, highest
from asd_core.errors import AsdError
from asd_core.pages.night import Judgement
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.runs.alarm_summary import AlarmSummary
from asd_core.runs.alarms import find_alarms
from asd_core.runs.caption import CaptionRun
from asd_core.runs.embed import stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.runs.report import clip_labels, is_stale, judgements, latest_scored, read_night, report_night, report_path
from asd_core.runs.score import score
from asd_core.store.alarm_schemas import ALARMS, LABELS
from asd_core.store.layout import alarms_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.runs.feature_files import recipe_for, write_npz
from tests.fleet import KNN, NIGHTS, clip_path, fitted, listed, write_fleet
from tests.stored_rows import blank_rows


@pytest.fixture
def scored(tmp_path):
    """A fleet of two fans, its first two nights learnt, the second and third scored one after the other."""
    archive, store = fitted(tmp_path)
    for date in NIGHTS[1:]:
        score(store, KNN, listed(archive, date=date), LocalEngine(), job="nightly")
    return archive, store


class FullStore(Store):
    """Keeps no alarms."""

    def keep_alarms(self, *night):
        raise AsdError("the disk is full")


def page_of(store, path):
    return store.files.read(path).decode()


def test_the_latest_scored_night_is_the_default(scored):
    _, store = scored
    assert latest_scored(store, KNN.key()) == NIGHTS[2]
    assert report_night(store, KNN, None) == report_path(KNN, NIGHTS[2])
    assert NIGHTS[2] in page_of(store, report_path(KNN, NIGHTS[2]))


def test_a_night_that_nobody_scored_is_said_with_the_way_out(scored, tmp_path):
    _, store = scored
    with pytest.raises(AsdError, match="on 2026-11-01: run asd nightly --date 2026-11-01 first"):
        report_night(store, KNN, NIGHTS[0])
    with pytest.raises(AsdError, match="nothing is scored for twfr-knn-.*: run asd nightly or asd score first"):
        report_night(Store(LocalFiles(tmp_path / "empty")), KNN, None)


def test_a_page_is_stale_that_says_other_alarms_and_says_why_where_there_are_none(scored):
    _, store = scored
    alarms = AlarmSummary(NIGHTS[2], find_alarms(store, KNN, [NIGHTS[2]])[NIGHTS[2]], KNN.for_machine("").alarm)
    assert not is_stale(store, KNN, alarms)  # there is no page yet
    report_night(store, KNN, NIGHTS[2])
    assert not is_stale(store, KNN, alarms) and is_stale(store, KNN, replace(alarms, rows=alarms.rows.slice(1)))
    store.files.delete(alarms_path(KNN.key(), NIGHTS[2]))
    page = page_of(store, report_night(FullStore(store.files), KNN, NIGHTS[2]))
    assert "No alarms.</b> They could not be found: the disk is full" in page and is_stale(store, KNN, alarms)
    store.files.write(report_path(KNN, NIGHTS[2]), b"a page of before")
    assert not is_stale(store, KNN, alarms)


def test_judgements_have_the_place_the_alarm_and_the_rarity_of_a_night():
    given = {"tier": ["act", "not_decided"], "sentence": ["a", "b"], "state": ["continuing", None]}
    given |= {"nights_in_alarm": [3, 0], "p_value": [0.002, None], "p_floor": [0.002, None]}
    given |= {"label": ["fault", None], "acknowledged": [False, None]}
    rows = blank_rows(ALARMS, 2, machine_type=["fan", "fan"], machine_id=["1", "2"], **given)
    assert judgements(AlarmSummary("", rows, AlarmConfig())) == {
        ("fan", "1"): Judgement("act", 0, "a", "continuing", 3, "less than 1 night in 500", "fault"),
        ("fan", "2"): Judgement("not_decided", 1, "b"),
    }


def test_the_history_is_of_earlier_nights_only(scored):
    _, store = scored
    assert set(read_night(store, KNN, KNN.key(), NIGHTS[2]).history["date"].to_pylist()) == {NIGHTS[1]}
    assert len(read_night(store, KNN, KNN.key(), NIGHTS[1]).history) == 0


def test_the_history_is_bounded(scored):
    archive, store = scored
    score(store, KNN, listed(archive, date=NIGHTS[0]), LocalEngine())
    assert set(read_night(store, KNN, KNN.key(), NIGHTS[2], history_nights=1).history["date"].to_pylist()) == {
        NIGHTS[1]
    }


def test_a_machine_that_was_silent_is_listed(scored):
    archive, store = scored
    write_fleet(archive, machines=["quiet"], dates=NIGHTS[:1])
    fit(store, KNN, listed(archive, until=NIGHTS[0]), LocalEngine())
    score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())
    night = read_night(store, KNN, KNN.key(), NIGHTS[2])
    assert {record.machine_id for record in night.machines} == {"00", "01", "quiet"}
    assert "quiet" not in night.scores["machine_id"].to_pylist()
    assert "fan quiet" in page_of(store, report_night(store, KNN, NIGHTS[2]))


def test_counts_of_a_run_over_many_nights_are_not_taken_for_those_of_one(scored):
    archive, store = scored
    record = score(store, KNN, listed(archive), LocalEngine())
    assert len(record["dates"]) == 3
    run = read_night(store, KNN, KNN.key(), NIGHTS[2]).run
    assert "counts" not in run and run["counts_of_all_dates"]["listed"] == 24
    assert "The run counted" not in page_of(store, report_night(store, KNN, NIGHTS[2]))


def test_captions_of_an_earlier_scorers_scores_are_not_told(scored):
    archive, store = scored
    captions = CaptionRun(store, KNN, CaptionOrder("acoustic"), LocalEngine())
    captions.add(highest(store.scores(KNN.key(), NIGHTS[2]), 1))
    assert captions.finish()["captioned"] == len(read_night(store, KNN, KNN.key(), NIGHTS[2]).captions) == 2
    fit(store, KNN, listed(archive, until=NIGHTS[0]), LocalEngine())
    score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine(), job="nightly")
    assert len(read_night(store, KNN, KNN.key(), NIGHTS[2]).captions) == 0


def test_what_is_told_of_a_machine_is_what_its_scorer_holds(scored):
    _, store = scored
    (record, _) = read_night(store, KNN, KNN.key(), NIGHTS[2]).machines
    folder = store.files.root / f"scorers/{KNN.key()}/fan/00/{record.scorer_version}"
    head = json.loads((folder / "scorer.json").read_text())
    assert (record.machine_type, record.machine_id, record.n_normal_clips) == ("fan", "00", 8)
    assert (record.decision_threshold, record.median_unseen_score) == (head["threshold"], head["median_unseen_score"])
    assert record.false_alarm_rate is None  # eight clips are too few to tell


def test_a_night_of_imported_embeddings_has_a_report_without_sounds(tmp_path):
    store, recipe = Store(LocalFiles(tmp_path / "store")), recipe_for(**{"embedding.transform": "log-zscore"})
    import_embeddings(store, "here", [write_npz(tmp_path)])
    clips = stored_clips(store, recipe)
    fit(store, recipe, clips.filter([split == "train" for split in clips["split"].to_pylist()]), LocalEngine())
    record = score(store, recipe, clips, LocalEngine())
    assert record["counts"]["flagged"] > 0
    page = page_of(store, report_night(store, recipe, None))
    assert "there is no sound of it here" in page and "imported as here" in page


def test_a_flagged_clip_that_vanished_since_is_said_in_the_report(scored):
    archive, store = scored
    loud = clip_path(archive, "00", NIGHTS[2], 9)
    loud.write_bytes((archive / clip_path(archive, "00", NIGHTS[2], 0)).read_bytes())
    soundfile.write(loud, np.sin(np.arange(16_000) / 3) * 0.9, 16_000)
    record = score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())
    assert record["counts"]["flagged"] >= 1
    loud.unlink()
    assert "no longer there" in page_of(store, report_night(store, KNN, NIGHTS[2]))


def test_recipes_have_reports_of_their_own():
    assert report_path(KNN, NIGHTS[0]) != report_path(load_recipe("twfr-gmm"), NIGHTS[0])
    assert ".." not in report_path(KNN, "../../etc").split("/")


def test_a_machine_type_is_heard_on_the_channel_that_was_scored(tmp_path):
    archive, store = write_fleet(tmp_path / "archive"), Store(LocalFiles(tmp_path / "store"))
    for path in archive.rglob("*.wav"):
        mono = soundfile.read(path, dtype="int16")[0]
        soundfile.write(path, np.stack([0 * mono + 9000, mono], axis=1), 16_000, subtype="PCM_16")
    recipe = Recipe("own", {**KNN.settings, "machine": {"fan": {"encoder.channel": 1}}})
    fit(store, recipe, listed(archive, until=NIGHTS[1]), LocalEngine())
    score(store, recipe, listed(archive, date=NIGHTS[2]), LocalEngine(), job="nightly")
    folder = report_night(store, recipe, NIGHTS[2]).rpartition("/")[0]
    played = [
        soundfile.read(io.BytesIO(store.files.read(info.path)))[0]
        for info in store.files.list(folder)
        if info.path.endswith(".flac")
    ]
    assert played and max(abs(sound.mean()) for sound in played) < 0.01  # the other channel is a constant


def test_a_page_shows_the_thresholds_by_which_its_night_was_judged(tmp_path):
    archive, store = fitted(tmp_path)
    strict = KNN.with_settings({"threshold.quantile": 0.5})
    for date, recipe in zip(NIGHTS[1:], (KNN, strict), strict=True):
        score(store, recipe, listed(archive, date=date), LocalEngine(), job="nightly")
    for date in NIGHTS[1:]:
        night = read_night(store, strict, strict.key(), date)
        shown = {machine.decision_threshold for machine in night.machines}
        assert shown == set(night.scores["decision_threshold"].drop_null().to_pylist()) and len(shown) == 2
    assert set(night.history["date"].to_pylist()) == {NIGHTS[1]}
    fit(store, strict, listed(archive, until=NIGHTS[2]), LocalEngine())
    assert not shown & {one.decision_threshold for one in read_night(store, strict, strict.key(), NIGHTS[2]).machines}


def test_the_labels_of_a_date_are_told_by_address(tmp_path):
    store = Store(LocalFiles(tmp_path))
    given = pa.schema([field for field in LABELS if field.name != "labelled_at"])
    clip = {"machine_type": "fan", "machine_id": "00", "date": "2026-11-01", "uri": "file:///a.wav", "answer": "normal"}
    others = [clip | {"uri": None}, clip | {"date": "2026-11-02", "uri": "file:///b.wav"}]
    store.keep_labels(pa.Table.from_pylist([clip | {"labelled_by": "Ann"}, *others], given))
    assert clip_labels(store, "2026-11-01") == {"file:///a.wav": "Labelled normal by Ann"}
