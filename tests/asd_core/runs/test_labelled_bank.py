"""Clips that people confirmed join the bank, those with a fault never do; scores stay as they are."""

import json

import numpy as np
import pyarrow as pa
import pytest
import soundfile

from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.fitted_nights import stored_nights
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.runs.alarms import find_alarms
from asd_core.runs.fit import fit
from asd_core.runs.label import AskedLabel, label
from asd_core.runs.labelled_bank import labelled_bank
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, clip_path, files_of, listed, write_fleet

DATES = [f"2026-11-{day:02d}" for day in range(1, 12)]
LEARNT, FIRST, SECOND = DATES[:8], DATES[8], DATES[9]
RULE = KNN.with_settings({"alarm.false_alarms": 0.3})


def hum(archive, date, seed):
    """A night on which fan 01 hums: a tone in its noise, which none of its learnt nights has."""
    rng = np.random.default_rng(seed)
    for number in range(5):
        tone = 0.2 * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
        soundfile.write(clip_path(archive, "01", date, number), tone + rng.normal(0, 0.1, 16_000), 16_000)


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """Four fans that learnt eight nights. Of two scored nights one fan hums in both, as it may."""
    root = tmp_path_factory.mktemp("humming")
    archive = write_fleet(root / "archive", ("00", "01", "02", "03"), DATES[:10], clips=5)
    hum(archive, FIRST, 1)
    hum(archive, SECOND, 2)
    store = Store(LocalFiles(root / "store"))
    fit(store, KNN, listed(archive, until=LEARNT[-1]), LocalEngine())
    for date in (FIRST, SECOND):
        score(store, KNN, listed(archive, date=date), LocalEngine(), job="nightly")
    return archive, store


@pytest.fixture
def store(plant, tmp_path):
    import shutil

    shutil.copytree(plant[1].files.root, tmp_path / "store")
    return Store(LocalFiles(tmp_path / "store"))


def bank(plant, store, *asked, until=LEARNT[-1], **options):
    assert not label(store, asked).refused
    clips = listed(plant[0])
    return labelled_bank(store, KNN.key(), clips, listed(plant[0], until=until), **options)


def night(answer, date=FIRST, machine="fan/01", **more):
    return AskedLabel(answer, machine=machine, date=date, **more)


def alarm_of(store, date):
    rows = find_alarms(store, RULE, [date])[date].to_pylist()
    return next((row["tier"], row["state"]) for row in rows if row["machine_id"] == "01")


def test_a_false_alarm_that_is_labelled_normal_and_learnt_is_quiet_and_no_stored_score_changes(plant, store):
    assert alarm_of(store, FIRST) == ("act", "new") and alarm_of(store, SECOND)[0] == "act"
    before = {path: told for path, told in files_of(store.files.root).items() if path.startswith("scor")}
    found = bank(plant, store, night("normal"))
    record, outcomes = fit(store, KNN, found.clips, LocalEngine(), labelled=found.joined)
    assert record["counts"]["labelled_normal"] == 5 and record["counts"]["decoded"] == 0
    assert record["key"] == KNN.key() and record["counts"]["new_scorers"] == 1
    assert [outcome.labelled_normal for outcome in outcomes] == [0, 5, 0, 0]
    assert before.items() <= files_of(store.files.root).items()
    assert alarm_of(store, FIRST)[0] == "within_chance"
    score(store, KNN, listed(plant[0], date=SECOND), LocalEngine(), job="nightly")
    assert alarm_of(store, SECOND)[0] == "within_chance"


def test_new_nights_are_not_compared_with_one_that_joined_and_the_scorer_says_how_many_clips_did(plant, store):
    found = bank(plant, store, night("normal"))
    fit(store, KNN, found.clips, LocalEngine(), labelled=found.joined)
    folder = next(name for name in newest_versions(store, KNN.key()) if name.endswith("/01"))
    version = newest_versions(store, KNN.key())[folder]
    assert set(stored_nights(store, folder, version)["night"].to_pylist()) == set(LEARNT)
    assert json.loads(store.files.read(f"{folder}/{version}/scorer.json"))["labelled_normal"] == 5


def test_a_clip_joins_by_its_own_label_and_leaves_by_it(plant, store):
    clips = [str(clip_path(plant[0], "01", FIRST, number)) for number in range(3)]
    found = bank(plant, store, AskedLabel("normal", clips[0]))
    assert len(found.joined) == 1 and "1 clips of fan 01 (1) are labelled normal" in found.notes[0]
    found = bank(plant, store, night("normal"), AskedLabel("fault", clips[0], words="hum"))
    assert len(found.joined) == 4


def test_clips_with_a_fault_are_never_learnt_whatever_the_archive_says(plant, store):
    found = bank(plant, store, night("fault", LEARNT[0], words="hum"), joins=False)
    assert len(found.clips) == 4 * 8 * 5 - 5 and found.joined == frozenset()
    assert found.notes == ("5 clips of fan 01 (5) are labelled a fault and are not learnt",)


def test_without_labels_the_clips_are_those_that_were_chosen(plant, store):
    chosen = listed(plant[0], until=LEARNT[-1])
    assert bank(plant, store).clips.equals(chosen)
    assert bank(plant, store, night("normal"), joins=False).clips.equals(chosen)
    assert bank(plant, store, night("normal", SECOND), until=SECOND).clips.equals(listed(plant[0]))


def test_a_machine_that_is_not_fitted_gets_no_clips(plant, store):
    label(store, [night("normal")])
    chosen = listed(plant[0], until=LEARNT[-1])
    others = chosen.filter(pa.array([name != "01" for name in chosen["machine_id"].to_pylist()]))
    assert labelled_bank(store, KNN.key(), listed(plant[0]), others).clips.equals(others)


def test_clips_that_the_archive_has_no_more_join_from_the_store(plant, store):
    label(store, [night("normal")])
    chosen = listed(plant[0], until=LEARNT[-1])
    found = labelled_bank(store, KNN.key(), chosen, chosen)
    assert len(found.joined) == 5
    record, _ = fit(store, KNN, found.clips, LocalEngine(), labelled=found.joined)
    assert record["counts"]["decoded"] == 0 and record["counts"]["errors"] == 0
