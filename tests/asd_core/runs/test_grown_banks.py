"""Banks have the clips of the anchor, of nights that join, and of labels; other machines are left alone."""

import pytest

from asd_core.alarms.well_nights import GrowthRules
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.machine_updates import BANK, FAULT, HELD_OUT
from asd_core.pipeline.scorer_versions import newest_heads
from asd_core.runs.fit import fit
from asd_core.runs.grown_banks import grown_banks, judged_nights
from asd_core.runs.label import AskedLabel, label
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, listed, write_fleet

DATES = [f"2026-11-{day:02d}" for day in range(1, 17)]
RULES = GrowthRules(quarantine=3, window=6, hold=8, apart=3.0, most_nights=3)
MACHINES = ("00", "01", "02", "03", "04")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    root = tmp_path_factory.mktemp("banks")
    archive = write_fleet(root / "archive", MACHINES, DATES, clips=2)
    store = Store(LocalFiles(root / "store"))
    fit(store, KNN, listed(archive, until=DATES[5]), LocalEngine())
    score(store, KNN, listed(archive), LocalEngine(), job="nightly")
    return store


def grown(store):
    heads = newest_heads(store, KNN.key())
    anchors = {folder: version for folder, (version, _) in heads.items()}
    judged = judged_nights(store, KNN, heads, anchors, LocalEngine(), lambda *told: None, RULES)
    return judged, grown_banks(store, KNN, heads, anchors, judged, RULES)


def test_parts_are_apart_and_nights_are_thinned(store):
    judged, banks = grown(store)
    assert judged.dates == DATES and len(judged.machines) == 5 and len(judged.clips) == 5 * 16 * 2
    nights = {part: set() for part in (BANK, HELD_OUT, FAULT)}
    for row in banks.clips.to_pylist():
        nights[banks.parts[row["clip_id"]]].add(row["date"])
    assert nights[BANK] >= set(DATES[:6]) and not nights[BANK] & set(DATES[-3:])
    assert nights[HELD_OUT] <= set(DATES[-3:]) and nights[FAULT] == set()
    assert {len(joined) for joined in banks.joined.values()} <= {0, 1, 2, 3} and any(banks.joined.values())
    assert all(date > DATES[5] for joined in banks.joined.values() for date in joined)


def test_labels_count_before_nights(store):
    asked = [AskedLabel("fault", machine="fan/00", date=DATES[0], words="hums")]
    asked.append(AskedLabel("normal", machine="fan/01", date=DATES[-1]))
    assert not label(store, asked).refused
    _, banks = grown(store)
    part = {(row["machine_id"], row["date"]): banks.parts[row["clip_id"]] for row in banks.clips.to_pylist()}
    assert part["00", DATES[0]] == FAULT and part["01", DATES[-1]] == BANK and len(banks.labelled) == 2
