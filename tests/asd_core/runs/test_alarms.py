"""Alarms of nights from stored scores: few, told with their history, and cheap where nothing changed."""

import numpy as np
import pyarrow as pa
import pytest
import soundfile

from asd_core.alarms.labelled_alarms import LabelledAlarms
from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.fitted_nights import nights_path
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.runs.alarms import find_alarms, past_precision
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.alarm_schemas import ALARMS, LABELS
from asd_core.store.layout import alarms_path, evidence_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.ensembles.fleets import fitted_ensemble
from tests.fleet import KNN, NIGHTS, clip_path, files_of, listed, write_fleet, write_wav

DATES = [f"2026-11-{day:02d}" for day in range(1, 12)]
LEARNT, SCORED = DATES[:8], DATES[8:]
FAULTY = ("01", DATES[10])


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """Four fans that learnt eight nights; of three nights that were scored one fan squeals in the last."""
    root = tmp_path_factory.mktemp("plant")
    archive = write_fleet(root / "archive", ("00", "01", "02", "03"), DATES, clips=3)
    for number in range(3):
        tone = 0.3 * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
        soundfile.write(clip_path(archive, *FAULTY, number), tone, 16_000)
    store = Store(LocalFiles(root / "store"))
    fit(store, KNN, listed(archive, until=LEARNT[-1]), LocalEngine())
    for date in SCORED:
        score(store, KNN, listed(archive, date=date), LocalEngine(), job="nightly")
    return archive, store


@pytest.fixture
def copied(plant, tmp_path):
    """The same plant, in a store of the test's own."""
    import shutil

    shutil.copytree(plant[1].files.root, tmp_path / "store")
    return plant[0], Store(LocalFiles(tmp_path / "store"))


def rows_of_night(store, date, recipe=KNN):
    return find_alarms(store, recipe, [date])[date]


def test_the_machine_that_squeals_is_the_one_alarm_and_stands_first(copied):
    rows = rows_of_night(copied[1], SCORED[-1], KNN.with_settings({"alarm.false_alarms": 0.3}))
    assert rows.schema.equals(ALARMS) and len(rows) == 4
    first, *others = rows.to_pylist()
    assert (first["machine_id"], first["tier"], first["state"], first["since"]) == ("01", "act", "new", FAULTY[1])
    assert first["p_value"] == first["p_floor"] and first["worst_uri"].endswith(".wav") and first["clips"] == 3
    assert {row["tier"] for row in others} <= {"watch", "within_chance"}


def test_a_night_is_judged_once_and_read_after_that(copied):
    _, store = copied
    before = files_of(store.files.root).keys()
    rows = rows_of_night(store, SCORED[-1])
    added = files_of(store.files.root)
    wanted = [*(evidence_path(KNN.key(), date) for date in SCORED), alarms_path(KNN.key(), SCORED[-1])]
    assert added.keys() - before == set(wanted)
    assert rows_of_night(store, SCORED[-1]).equals(rows) and files_of(store.files.root) == added


def test_another_rule_decides_anew_and_computes_no_evidence_again(copied):
    _, store = copied
    strict = rows_of_night(store, SCORED[-1], KNN.with_settings({"alarm.false_alarms": 0.001}))
    before = files_of(store.files.root)
    loose = rows_of_night(store, SCORED[-1], KNN.with_settings({"alarm.false_alarms": 1.0}))
    assert strict["tier"].to_pylist().count("act") < loose["tier"].to_pylist().count("act")
    after = files_of(store.files.root)
    assert {path for path in after if after[path] != before.get(path)} == {alarms_path(KNN.key(), SCORED[-1])}


def test_nights_judged_one_by_one_and_together_are_the_same(copied, tmp_path):
    _, store = copied
    apart = {date: rows_of_night(store, date) for date in SCORED}
    for date in SCORED:
        store.files.delete(alarms_path(KNN.key(), date))
        store.files.delete(evidence_path(KNN.key(), date))
    assert find_alarms(store, KNN, SCORED) == apart


def test_a_night_that_is_scored_again_is_judged_again(copied):
    archive, store = copied
    rows_of_night(store, SCORED[-1])
    clips = listed(archive, date=SCORED[-1])
    score(
        store, KNN, clips.filter([one == "01" for one in clips["machine_id"].to_pylist()]), LocalEngine(), job="score"
    )
    before = files_of(store.files.root)
    rows_of_night(store, SCORED[-1])
    after = files_of(store.files.root)
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {make(KNN.key(), SCORED[-1]) for make in (evidence_path, alarms_path)}


def test_scorers_of_before_have_their_nights_computed_and_the_alarms_are_the_same(copied):
    _, store = copied
    rows = rows_of_night(store, SCORED[-1])
    store.files.delete(alarms_path(KNN.key(), SCORED[-1]))
    store.files.delete(evidence_path(KNN.key(), SCORED[-1]))
    for pair in newest_versions(store, KNN.key()).items():
        store.files.delete(nights_path(*pair))
    assert rows_of_night(store, SCORED[-1]).equals(rows)


def test_nights_of_scorers_of_before_are_not_decided_as_history_and_nothing_is_computed_for_them(copied):
    archive, store = copied
    before = set(newest_versions(store, KNN.key()).items())
    fit(store, KNN, listed(archive, until=SCORED[0]), LocalEngine())
    assert before.isdisjoint(newest_versions(store, KNN.key()).items())
    for pair in before:
        store.files.delete(nights_path(*pair))
    found = find_alarms(store, KNN, SCORED[1:], as_history=True)
    assert not any(store.files.exists(nights_path(*pair)) for pair in before)
    assert set(found[SCORED[1]]["tier"].to_pylist()) == {"not_decided"}
    assert rows_of_night(store, SCORED[1])["calibration_nights"].to_pylist() == [8] * 4


def test_a_machine_with_few_nights_and_a_new_one_beside_few_others_are_not_decided_and_say_why(copied):
    archive, store = copied
    write_fleet(archive, ("09",), DATES[-2:], clips=3)
    few = listed(archive, date=DATES[-2])
    fit(store, KNN, few.filter([one == "09" for one in few["machine_id"].to_pylist()]), LocalEngine())
    write_fleet(archive, ("10",), DATES[-1:], clips=1)
    score(store, KNN, listed(archive, date=DATES[-1]), LocalEngine(), job="nightly")
    said = {row["machine_id"]: row for row in rows_of_night(store, DATES[-1]).to_pylist()}
    assert said["09"]["tier"] == said["10"]["tier"] == "not_decided"
    assert "1 normal night was learnt, 5 are needed" in said["09"]["sentence"]
    assert "4 others do not tell how far machines differ, 9 are needed" in said["10"]["sentence"]
    assert "Judged by the fan bank: 1 night of its own so far" in said["10"]["sentence"] and said["10"]["errors"] == 0


def test_a_night_that_is_not_scored_is_one_line(plant):
    with pytest.raises(AsdError, match="nothing is scored for twfr-knn-.* on 2020-01-01: run asd nightly"):
        find_alarms(plant[1], KNN, ["2020-01-01"])


def test_an_ensemble_and_clips_without_a_date_have_rows_that_say_why_nothing_is_decided(tmp_path):
    archive, store, recipe = fitted_ensemble(tmp_path, machines=("00",))
    write_wav(archive / "machine_type=fan/machine_id=00/late.wav", seed=1)
    clips = listed(archive)
    tonight = [date in (NIGHTS[2], "undated") for date in clips["date"].to_pylist()]
    score(store, recipe, clips.filter(tonight), LocalEngine())
    found = find_alarms(store, recipe, [NIGHTS[2], "undated"])
    assert list(found) == [NIGHTS[2], "undated"]
    for (row,) in (rows.to_pylist() for rows in found.values()):
        assert row["tier"] == "not_decided" and "2 normal nights were learnt, 5 are needed" in row["sentence"]


def label(store, machine_id, date, answer):
    blank = {"machine_type": "fan", "machine_id": machine_id, "date": date, "answer": answer}
    store.keep_labels(pa.Table.from_pylist([blank], schema=pa.schema([one for one in LABELS][:-1])))


def test_an_answer_decides_anew_and_changes_no_evidence_no_score_and_no_earlier_night(copied):
    _, store = copied
    rule = KNN.with_settings({"alarm.false_alarms": 0.3})
    find_alarms(store, rule, SCORED)
    before = files_of(store.files.root)
    label(store, *FAULTY, "normal")
    (row,) = [row for row in rows_of_night(store, SCORED[-1], rule).to_pylist() if row["machine_id"] == "01"]
    assert (row["tier"], row["state"], row["unlabelled_state"]) == ("within_chance", None, "new")
    after = files_of(store.files.root)
    changed = {path for path in after if after[path] != before.get(path) and not path.startswith("labels/")}
    assert changed == {alarms_path(KNN.key(), SCORED[-1])}
    label(store, *FAULTY, "fault")
    first, *_ = rows_of_night(store, SCORED[-1], rule).to_pylist()
    assert (first["tier"], first["state"], first["acknowledged"]) == ("watch", "new", True)
    assert past_precision(store, KNN.key(), SCORED[-1]) == LabelledAlarms(1, 1)
    label(store, *FAULTY, "removed")
    assert rows_of_night(store, SCORED[-1], rule)["tier"][0].as_py() == "act"
    assert past_precision(store, KNN.key(), SCORED[-1]) == LabelledAlarms(0, 0)


def test_a_night_in_maintenance_is_no_alarm_and_says_why_and_the_next_one_says_so(copied):
    _, store = copied
    rule = KNN.with_settings({"alarm.false_alarms": 0.3})
    before = rows_of_night(store, SCORED[-1], rule)
    blank = {"machine_type": "fan", "machine_id": "01", "reason": "new belt", "named_by": "Ann", "is_removed": False}
    store.keep_maintenance(blank | {"since": SCORED[1], "until": SCORED[2]})
    rows = {row["machine_id"]: row for row in rows_of_night(store, SCORED[-1], rule).to_pylist()}
    assert (rows["01"]["tier"], rows["01"]["state"], rows["01"]["p_value"]) == ("not_decided", None, None)
    assert rows["01"]["label"] == "maintenance" and rows["01"]["label_words"] == "new belt"
    assert rows["01"]["sentence"].startswith(f"Not decided: maintenance since {SCORED[1]} until {SCORED[2]}")
    store.keep_maintenance(blank | {"since": SCORED[1], "until": SCORED[1]})
    noted = {row["machine_id"]: row for row in rows_of_night(store, SCORED[-1], rule).to_pylist()}
    assert noted["01"]["tier"] == "act" and f"Maintenance until {SCORED[1]}" in noted["01"]["sentence"]
    store.keep_maintenance(blank | {"since": SCORED[1], "until": None, "is_removed": True})
    assert rows_of_night(store, SCORED[-1], rule).equals(before)
