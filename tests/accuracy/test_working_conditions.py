import csv
from collections import Counter

import numpy as np
import soundfile

from tests.accuracy.working_conditions import CONDITIONS, ConditionedFleet, write_fleet

SMALL = ConditionedFleet(("fan", "valve"), 1, 2, 2, 3, 1, 1, seconds=0.5)


def rows(folder, fleet=SMALL):
    with write_fleet(folder, fleet).open() as file:
        return list(csv.DictReader(file))


def test_source_conditions_have_many_clips_and_the_target_few(tmp_path):
    found = rows(tmp_path)
    counts = Counter((row["machine_type"], row["split"], row["condition"], row["attributes"]) for row in found)
    for machine_type, kinds in (("fan", 5), ("valve", 3)):
        for condition in CONDITIONS:
            learnt = 3 if condition.domain == "target" else 4
            assert counts[machine_type, "train", "normal", condition.name] == learnt
            assert counts[machine_type, "test", "normal", condition.name] == 1
        faulty = sum(n for key, n in counts.items() if key[0] == machine_type and key[2] == "anomalous")
        assert faulty == 4 * kinds - 1  # a faint drop of the level is none
    assert all((row["domain"] == "target") == (row["attributes"] == "speed_4") for row in found)


def test_a_condition_changes_the_sound_more_than_another_clip_of_it_does(tmp_path):
    found = [row for row in rows(tmp_path) if row["machine_type"] == "fan" and row["condition"] == "normal"]
    heard = {row["path"]: soundfile.read(tmp_path / row["path"])[0] for row in found}

    def level(row):
        spectrum = np.abs(np.fft.rfft(heard[row["path"]])) ** 2
        return 10 * np.log10(spectrum[:2000].reshape(50, -1).mean(axis=1))

    source = [row for row in found if row["split"] == "train" and row["attributes"] in ("speed_1", "speed_3")]
    slow, fast = ([level(row) for row in source if row["attributes"] == name] for name in ("speed_1", "speed_3"))
    within = np.mean([np.abs(one - np.mean(slow, axis=0)).mean() for one in slow])
    assert np.abs(np.mean(slow, axis=0) - np.mean(fast, axis=0)).mean() > 1.3 * within


def test_the_same_fleet_has_the_same_bytes_and_a_seed_another(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    name = rows(one)[0]["path"]
    assert rows(one) == rows(other) and (one / name).read_bytes() == (other / name).read_bytes()
    rows(tmp_path / "third", ConditionedFleet(("fan",), 1, 1, 1, 1, 1, 1, 0.5, seed=1))
    assert (tmp_path / "third" / name).read_bytes() != (one / name).read_bytes()
