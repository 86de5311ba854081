import hashlib

import numpy as np
import pytest

from asd_core.synthesis.fleet import Changes, GainChange, GrowingFault, MicrophoneChange, simulate_fleet
from asd_core.synthesis.fleet.changes import MONTH, SEVEREST_DB, UNHEARD_DB
from asd_core.synthesis.fleet.machine import build_machine, healthy_sound
from asd_core.synthesis.signals import rms

FAN = build_machine("fan", 0, 7)
PUMP = build_machine("pump", 0, 7)
RATE = 16_000
DIGEST = "09ec7ef5934d0852959fe5808ce38285752ff34660e311d516d2ce0b458674e6"


def recorded(changes, machine, night, count=RATE):
    sound = healthy_sound(
        changes.machine(machine, night, 7), count, RATE, np.random.default_rng(1), np.random.default_rng(2)
    )
    return changes.heard(sound, machine, night, RATE, 7)


def test_without_changes_an_archive_is_the_bytes_that_it_was_before_there_were_any(tmp_path):
    simulate_fleet(str(tmp_path), machines_per_type=1, nights=2, clips_per_night=1, seconds=0.5)
    digest = hashlib.sha256()
    for path in sorted(tmp_path.rglob("*.*")):
        digest.update(path.relative_to(tmp_path).as_posix().encode() + path.read_bytes())
    assert digest.hexdigest() == DIGEST


def test_a_change_of_gain_moves_every_machine_by_its_decibels_from_its_night_on():
    changes = Changes(gains=(GainChange(3, 3.0), GainChange(5, -1.0)))
    for machine in (FAN, PUMP):
        levels = [20 * np.log10(rms(recorded(changes, machine, night))) for night in (2, 3, 5)]
        assert np.diff(levels) == pytest.approx([3.0, -1.0], abs=1e-4)


def test_another_microphone_is_heard_by_one_machine_alone_and_stays_the_same():
    changes = Changes(microphones=(MicrophoneChange(3, "fan", FAN.machine_id),))
    before, after, later = (np.abs(np.fft.rfft(recorded(changes, FAN, night))) for night in (2, 3, 4))
    assert np.array_equal(after, later) and np.ptp(20 * np.log10(after[100:6000] / before[100:6000])) > 3
    assert np.array_equal(recorded(changes, PUMP, 2), recorded(changes, PUMP, 3))


def test_a_drift_grows_in_proportion_to_time_and_each_machine_has_its_own():
    changes = Changes(drift_db=2.0)
    moved = [changes.machine(FAN, night, 7).level_db - FAN.level_db for night in (0, 15, 30)]
    assert moved[0] == 0 and moved[2] == pytest.approx(2 * moved[1]) and moved[1] != 0
    sizes = [changes.machine(build_machine("fan", i, 7), int(MONTH), 7).level_db for i in range(100)]
    built = [build_machine("fan", i, 7).level_db for i in range(100)]
    assert np.std(np.subtract(sizes, built)) == pytest.approx(2.0, rel=0.25)


def test_a_season_moves_all_machines_together_and_comes_back_after_a_year():
    changes = Changes(season_db=4.0)
    for machine in (FAN, PUMP):
        levels = [changes.machine(machine, night, 7).level_db - machine.level_db for night in (0, 91, 365)]
        assert levels == pytest.approx([0, 2.0, 0], abs=0.01)


def test_night_effects_of_zero_leave_only_the_differences_between_clips():
    def level(effects, night):
        sound = healthy_sound(FAN, RATE, RATE, np.random.default_rng(night), np.random.default_rng(0), effects)
        return 20 * np.log10(rms(sound))

    spread = [np.std([level(effects, night) for night in range(30)]) for effects in (0.0, 1.0, 4.0)]
    assert spread[0] == pytest.approx(0, abs=1e-4) and spread[2] == pytest.approx(4 * spread[1], rel=0.05)


def test_a_growing_fault_begins_unheard_grows_evenly_and_stops_at_its_severest():
    fault = GrowingFault(5, "fan", "00", "bearing", 3.0)
    assert [fault.severity_db(night) for night in (4, 5, 6, 50)] == [None, UNHEARD_DB, UNHEARD_DB + 3, SEVEREST_DB]
    assert Changes(faults=(fault,)).fault(PUMP, 9) is None


def test_more_nights_leave_the_earlier_ones_as_they_are(tmp_path):
    changes = Changes(2.0, 1.0, 1.0, faults=(GrowingFault(1, "fan", "00", "bearing", 3.0),))
    settings = {"machines_per_type": 1, "machine_types": ["fan"], "clips_per_night": 1, "seconds": 0.5}
    for name, nights in (("short", 2), ("long", 3)):
        simulate_fleet(str(tmp_path / name), nights=nights, fault_nights=[], changes=changes, **settings)
    for path in (tmp_path / "short").rglob("*.wav"):
        assert path.read_bytes() == (tmp_path / "long" / path.relative_to(tmp_path / "short")).read_bytes()
