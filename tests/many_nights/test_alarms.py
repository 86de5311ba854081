"""Alarms of a night ask little of the store, whatever came before it."""

import pytest

from asd_core.runs.alarms import find_alarms
from asd_core.store.layout import alarms_path, evidence_path
from asd_core.store.store import Store
from tests.many_nights.alarms import kept_fleet
from tests.many_nights.bucket import Bucket
from tests.many_nights.plant import KEY, RECIPE, day

MACHINES, NIGHTS, FAULTY = 100, 50, 7
LAST = day(NIGHTS - 1)


@pytest.fixture(scope="module")
def bucket():
    """The store after a night of which one machine lies far off, with the alarms of that night."""
    found = Bucket({path: data for files in kept_fleet(MACHINES, NIGHTS, [FAULTY]) for path, data in files.items()})
    (rows,) = find_alarms(Store(found), RECIPE, [LAST]).values()
    assert len(rows) == MACHINES and rows["machine_id"][0].as_py() == f"{FAULTY:05d}"
    assert rows["tier"].to_pylist().count("act") == 1
    return found


def test_each_night_has_its_evidence_and_the_one_asked_for_its_alarms(bucket):
    wanted = {evidence_path(KEY, day(number)) for number in range(NIGHTS)} | {alarms_path(KEY, LAST)}
    assert wanted == {path for path in bucket.files if path.split("/")[0] in ("evidence", "alarms")}


@pytest.mark.parametrize("false_alarms", [None, 1.0])
def test_asked_again_no_score_and_no_scorer_is_read_and_only_another_rule_writes(bucket, false_alarms):
    bucket.requests.clear()
    config = RECIPE.with_settings({"alarm.false_alarms": false_alarms}).for_machine("").alarm
    find_alarms(Store(bucket), RECIPE, [LAST], config=config)
    asked = bucket.requests
    assert {folder for kind, folder in asked if kind == "read"} <= {"evidence", "alarms", "fitted_nights"}
    assert asked["read", "evidence"] == NIGHTS
    assert {folder for kind, folder in asked if kind == "write"} == ({"alarms"} if false_alarms else set())


def test_one_more_night_reads_its_own_scores_alone(bucket):
    (more,) = [files for number, files in enumerate(kept_fleet(MACHINES, NIGHTS + 1)) if number == NIGHTS + 1]
    for path, data in more.items():
        bucket.put(path, data)
    bucket.requests.clear()
    find_alarms(Store(bucket), RECIPE, [day(NIGHTS)])
    assert bucket.requests["read", "scores"] == 1 and bucket.requests["write", "evidence"] == 1
