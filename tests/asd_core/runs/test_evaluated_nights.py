"""Nights of labelled clips, through the same fit and score as the commands."""

import csv
import io
from dataclasses import replace

import pytest

from asd_core.clips.archive import list_archive
from asd_core.clips.selection import select
from asd_core.evaluation.tables import to_csv, to_json, to_text
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.evaluate import score_and_evaluate
from asd_core.runs.fit import fit
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.synthesis.fleet import simulate_fleet
from asd_core.synthesis.fleet.changes import Changes, GrowingFault
from tests.fleet import KNN, files_of

FAULT = GrowingFault(9, "pump", "01", "leak", 12.0)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Two pumps that learnt eight nights; one of them leaks from the second of three further nights on."""
    root = tmp_path_factory.mktemp("nights")
    settings = {"machine_types": ["pump"], "machines_per_type": 2, "nights": 11, "clips_per_night": 3, "seconds": 0.5}
    simulate_fleet(str(root / "a"), **settings, fault_nights=[], changes=Changes(faults=(FAULT,)))
    store, clips = Store(LocalFiles(root / "store")), list_archive(str(root / "a/manifest.csv")).clips
    fit(store, KNN, select(clips, until="2026-11-08"), LocalEngine())
    loud = KNN.with_settings({"alarm.false_alarms": 0.2})
    before = files_of(root / "store").keys()
    evaluation, _ = score_and_evaluate(store, loud, clips, LocalEngine())
    return evaluation, files_of(root / "store").keys() - before


def test_the_fault_becomes_an_alarm_and_learnt_nights_count_for_nothing(measured):
    well, ill = measured[0].nights.machines.values()
    assert (well.normal_nights, well.anomalous_nights, well.new_false_alarms) == (3, 0, 0)
    assert (ill.normal_nights, ill.anomalous_nights, ill.is_missed) == (1, 2, False) and ill.nights_to_alarm <= 2


def test_an_evaluation_publishes_no_alarm_and_no_night(measured):
    assert not [path for path in measured[1] if path.startswith(("alarms/", "evidence/", "scores/"))]


def test_text_json_and_csv_have_the_nights_only_where_there_are_some(measured):
    evaluation = measured[0]
    tree, undated = to_json(evaluation), replace(evaluation, nights=None)
    assert tree["nights"]["found_machines"] == 1 and tree["machines"][1]["nights"]["anomalous_nights"] == 2
    assert [row["anomalous_nights"] for row in csv.DictReader(io.StringIO(to_csv(evaluation)))] == ["0", "2"]
    assert "faults: 1 of 1 faulty machines became an alarm" in to_text(evaluation)
    assert to_json(undated)["nights"] is None and "nights" not in to_json(undated)["machines"][0]
    assert "nights" not in to_csv(undated) and "nights" not in to_text(undated)
