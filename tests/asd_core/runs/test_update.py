"""Banks grow by nights that were well; a refit that passes is published, and else the scorer stays with a reason."""

import shutil
import zlib
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from asd_core.alarms.well_nights import GrowthRules
from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.fitted_nights import stored_nights
from asd_core.pipeline.scorer_versions import newest_heads, newest_versions
from asd_core.runs.fit import fit
from asd_core.runs.label import AskedLabel, label
from asd_core.runs.rollback import rollback
from asd_core.runs.score import score
from asd_core.runs.update import update
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, clip_path, listed, write_fleet

DATES = [f"2026-11-{day:02d}" for day in range(1, 23)]
LEARNT, LATER = DATES[:8], DATES[8:]
MACHINES = ("00", "01", "02", "03", "04", "05")
RULES = GrowthRules(quarantine=4, window=6, hold=6, apart=3.0)
KEY = KNN.key()
SLOW, FAULT_NIGHT = "05", DATES[10]


def slow_fault(archive):
    """From a night on a tone grows in the noise of one machine, a little each night."""
    for number, date in enumerate(DATES[10:]):
        for clip in range(3):
            seed = zlib.crc32(f"slow {date} {clip}".encode())
            tone = 0.004 * (number + 1) * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
            noise = np.random.default_rng(seed).normal(0, 0.1, 16_000)
            soundfile.write(clip_path(archive, SLOW, date, clip), tone + noise, 16_000)


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """Six fans that learnt eight nights and scored fourteen more; in one of them something grows."""
    root = tmp_path_factory.mktemp("growing")
    archive = write_fleet(root / "archive", MACHINES, DATES, clips=3)
    slow_fault(archive)
    store = Store(LocalFiles(root / "store"))
    fit(store, KNN, listed(archive, until=LEARNT[-1]), LocalEngine())
    score(store, KNN, listed(archive, since=LATER[0]), LocalEngine(), job="nightly")
    return archive, store


@pytest.fixture
def store(plant, tmp_path):
    shutil.copytree(plant[1].files.root, tmp_path / "store")
    return Store(LocalFiles(tmp_path / "store"))


def nights_of(store, machine):
    (folder,) = [one for one in newest_versions(store, KEY) if one.endswith(f"/{machine}")]
    version = newest_versions(store, KEY)[folder]
    return set(stored_nights(store, folder, version)["night"].to_pylist())


def test_well_nights_join_after_their_quarantine_and_a_slow_fault_never_does(store):
    record, outcomes = update(store, KNN, LocalEngine(), rules=RULES)
    assert record["counts"]["decoded"] == 0 and record["counts"]["new_scorers"] >= 4, record["update"]
    assert f"fan {SLOW}" in record["update"]["apart"]
    published = [one.machine_id for one in outcomes if one.is_new]
    for machine in published:
        joined = nights_of(store, machine) - set(LEARNT)
        assert joined and joined <= set(LATER[:-4])
    assert not nights_of(store, SLOW) & set(DATES[10:])
    heads = newest_heads(store, KEY)
    (head,) = [head for folder, (_, head) in heads.items() if folder.endswith(f"/{published[0]}")]
    assert head["update"]["anchor"].startswith("v000001-")
    assert set(head["update"]["nights"]) == nights_of(store, published[0]) - set(LEARNT)


def test_the_same_call_again_finds_nothing_new_and_a_rollback_undoes_it(store):
    before = newest_versions(store, KEY)
    update(store, KNN, LocalEngine(), rules=RULES)
    after = newest_versions(store, KEY)
    record, outcomes = update(store, KNN, LocalEngine(), rules=RULES)
    assert record["counts"]["new_scorers"] == 0 and newest_versions(store, KEY) == after
    rollback(store, KNN)
    hashes = {folder: version[-8:] for folder, version in newest_versions(store, KEY).items()}
    assert hashes == {folder: version[-8:] for folder, version in before.items()}


def head_of(store, machine):
    return next(head for folder, (_, head) in newest_heads(store, KEY).items() if folder.endswith(f"/{machine}"))


def test_labels_let_nights_join_and_keep_them_out(store):
    update(store, KNN, LocalEngine(), rules=RULES)
    date = head_of(store, "00")["update"]["nights"][0]
    asked = [AskedLabel("normal", machine="fan/01", date=DATES[-1])]
    asked.append(AskedLabel("fault", machine="fan/00", date=date, words="hums"))
    assert not label(store, asked).refused
    _, outcomes = update(store, KNN, LocalEngine(), rules=RULES)
    assert {"00", "01"} <= {one.machine_id for one in outcomes if one.is_new}
    assert date not in nights_of(store, "00") and head_of(store, "01")["labelled_normal"] == 3
    assert DATES[-1] not in nights_of(store, "01")  # learnt, and not among the nights that others are compared with


def test_nights_in_maintenance_do_not_join(store):
    window = {"machine_type": "fan", "machine_id": "02", "since": LATER[1], "until": LATER[3], "reason": None}
    store.keep_maintenance(window | {"named_by": None, "is_removed": False})
    update(store, KNN, LocalEngine(), rules=RULES)
    assert not nights_of(store, "02") & set(LATER[1:4]) and nights_of(store, "01") & set(LATER[1:4])


class Killed(Exception):
    """The end of a process."""


class Dying(LocalFiles):
    """Files that end the process as a run's record is written."""

    def write_new(self, path, data):
        if path.startswith("runs/"):
            raise Killed
        return super().write_new(path, data)


def test_an_update_that_was_killed_before_its_record_is_finished_by_the_same_call(store):
    with pytest.raises(Killed):
        update(Store(Dying(store.files.root)), KNN, LocalEngine(), rules=RULES)
    published = newest_versions(store, KEY)
    record, _ = update(store, KNN, LocalEngine(), rules=RULES)
    assert record["counts"]["new_scorers"] == 0 and newest_versions(store, KEY) == published
    grown = {folder: version for folder, version in published.items() if version.startswith("v000002")}
    assert store.run(record["run_id"])["scorers"] == grown and len(grown) >= 4
    rollback(store, KNN)
    assert all(version.startswith(("v000001", "v000003")) for version in newest_versions(store, KEY).values())


def test_a_refit_that_cannot_be_checked_is_refused_with_its_reason_and_the_scorer_stays(store):
    before = newest_versions(store, KEY)
    record, outcomes = update(store, KNN, LocalEngine(), rules=replace(RULES, quarantine=2))
    assert newest_versions(store, KEY) == before and record["counts"]["new_scorers"] == 0
    assert record["counts"]["refused"] == len(outcomes) >= 4
    assert all("held-out normal nights are too few to check it" in one.refused for one in outcomes)
    assert record["update"]["refused"]["fan 00"] == outcomes[0].refused


def test_what_has_no_scorer_or_no_night_is_one_line(plant, tmp_path):
    store = Store(LocalFiles(tmp_path / "store"))
    with pytest.raises(AsdError, match="holds no scorers"):
        update(store, KNN, LocalEngine())
    fit(store, KNN, listed(plant[0], until=LEARNT[-1]), LocalEngine())
    with pytest.raises(AsdError, match="no night is scored"):
        update(store, KNN, LocalEngine())
