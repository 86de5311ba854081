"""New machines of a type whose other machines lend."""

import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.type_scorers import is_borrowed, newest_of_types
from asd_core.runs.alarms import find_alarms
from asd_core.runs.fit import fit
from asd_core.runs.lend import new_machine, without_machines
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, clip_path, listed, write_fleet, write_wav

DATES = [f"2026-11-{day:02d}" for day in range(1, 8)]
LEARNT, TONIGHT = DATES[:5], DATES[6]
NINE = [f"{number:02d}" for number in range(9)]


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """Nine fans with five nights each, a tenth with one, an eleventh with none, and a pump with none."""
    root = tmp_path_factory.mktemp("plant")
    archive, store = write_fleet(root / "archive", NINE, [*LEARNT, TONIGHT], clips=2), Store(LocalFiles(root / "store"))
    write_fleet(archive, ["09"], [DATES[4], DATES[5], TONIGHT], clips=2)
    write_fleet(archive, ["10"], [TONIGHT], clips=2)
    write_wav(clip_path(archive, "00", TONIGHT, 0, "pump"), seed=1)
    record, outcomes = fit(store, KNN, listed(archive, until=LEARNT[-1]), LocalEngine())
    for date in DATES[5:]:
        score(store, KNN, listed(archive, date=date), LocalEngine(), job="nightly")
    return archive, store, record, outcomes


def test_a_machine_with_few_nights_of_its_own_gets_no_scorer_and_its_type_lends_one(plant):
    _, store, record, outcomes = plant
    (lent,) = record["types"]
    assert (lent["machine_type"], lent["lenders"], lent["clips"]) == ("fan", 9, 90)
    assert list(newest_of_types(store, KNN.key()).values()) == [lent["version"]]
    assert [one.machine_id for one in outcomes if one.version is None] == ["09"]
    assert record["counts"]["fitted"] == 9 and record["failed_machines"] == {}


def test_rows_name_the_borrowed_scorer_and_no_p_is_smaller_than_its_machines_allow(plant):
    _, store, record, _ = plant
    rows = store.scores(KNN.key(), TONIGHT).to_pylist()
    borrowed = {row["machine_id"] for row in rows if is_borrowed(row["scorer_version"])}
    assert borrowed == {"09", "10"} and {row["error_reason"] for row in rows} == {None, "no_scorer"}
    for row in rows:
        if row["machine_id"] in borrowed:
            assert row["scorer_version"] == f"type/{record['types'][0]['version']}"
            assert row["p_value"] >= row["p_floor"] == 1 / 10 and "machine_id%3D0" in row["nearest_uris"][0]


def test_alarms_say_by_whose_bank_a_new_machine_is_judged_and_how_many_nights_it_has(plant):
    rows = find_alarms(plant[1], KNN, [TONIGHT])[TONIGHT].to_pylist()
    said = {(row["machine_type"], row["machine_id"]): row for row in rows}
    assert said["fan", "09"]["sentence"].endswith("Judged by the fan bank: 2 nights of its own so far.")
    assert said["fan", "10"]["sentence"].endswith("Judged by the fan bank: 1 night of its own so far.")
    assert said["fan", "10"]["lenders"] == 9 and said["fan", "10"]["p_floor"] == 1 / 10
    assert said["fan", "10"]["tier"] in ("watch", "within_chance") and said["pump", "00"]["tier"] == "not_decided"
    assert "its type has none to lend" in said["pump", "00"]["sentence"]


def test_nights_of_its_own_end_the_borrowing(plant, tmp_path):
    archive = plant[0]
    write_fleet(archive, ["10"], LEARNT, clips=2)
    store = Store(LocalFiles(tmp_path / "store"))
    fit(store, KNN, listed(archive, until=LEARNT[-1]), LocalEngine())
    score(store, KNN, listed(archive, date=TONIGHT), LocalEngine())
    rows = store.scores(KNN.key(), TONIGHT).to_pylist()
    assert {row["machine_id"] for row in rows if is_borrowed(row["scorer_version"])} == {"09"}
    again, _ = fit(store, KNN, listed(archive, until=LEARNT[-1]), LocalEngine())
    assert not any(one["is_new"] for one in again["types"]) and again["counts"]["new_scorers"] == 0


def test_without_lending_a_machine_learns_from_what_it_has(plant, tmp_path):
    store = Store(LocalFiles(tmp_path / "store"))
    record, outcomes = fit(store, KNN, listed(plant[0], until=LEARNT[-1]), LocalEngine(), lends=False)
    assert "types" not in record and all(one.version for one in outcomes)


def test_a_machine_that_waits_says_for_how_many_nights():
    assert new_machine("fan", "09", 1).notes == (
        "judged by the fan bank: 1 normal night of its own so far, 2 are needed",
    )


def test_only_the_clips_of_other_machines_are_left(plant):
    clips = listed(plant[0], until=LEARNT[-1])
    left = without_machines(clips, [("fan", "09")])
    assert set(left["machine_id"].to_pylist()) == set(clips["machine_id"].to_pylist()) - {"09"}
    assert without_machines(clips, []) is clips
