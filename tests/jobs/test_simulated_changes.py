import csv

import pytest

from asd_core.errors import UsageError
from asd_core.synthesis.fleet import Changes, GainChange, GrowingFault, MicrophoneChange
from jobs.simulated_changes import changes_of
from tests.command import asd

SMALL = ("--nights", "3", "--machines-per-type", "1", "--clips-per-night", "1", "--seconds", "0.5")
NONE = (1.0, 0.0, 0.0, (), (), ())


def test_nights_count_from_one_in_the_options():
    found = changes_of(2.0, 1.5, 1.0, ("10=-3",), ("2=fan/00",), ("4=fan/01/bearing/1.5",))
    faults = (GrowingFault(3, "fan", "01", "bearing", 1.5),)
    assert found == Changes(2.0, 1.5, 1.0, (GainChange(9, -3.0),), (MicrophoneChange(1, "fan", "00"),), faults)


@pytest.mark.parametrize(
    ("place", "text", "example"),
    [
        (3, "10", "10=-3"),
        (3, "ten=3", "10=-3"),
        (3, "10=nan", "a number of decibels"),
        (4, "10=fan", "10=fan/00"),
        (5, "10=fan/00/bearing", "10=fan/00/bearing/1.5"),
        (5, "10=fan/00/bearing/fast", "a number of decibels"),
    ],
)
def test_another_form_is_refused_with_an_example(place, text, example):
    with pytest.raises(UsageError, match=example):
        changes_of(*NONE[:place], (text,), *NONE[place + 1 :])


def test_a_healthy_fleet_has_no_fault_and_its_manifest_tells_the_changes(tmp_path):
    said = asd("simulate", tmp_path, *SMALL, "--healthy", "--gain-change", "2=3", "--json")
    assert (said.json["faults"], said.json["broken"], said.json["silent"]) == ([], {}, [])
    with open(tmp_path / "manifest.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["date"], row["change"]) for row in rows} == {
        ("2026-11-01", ""),
        ("2026-11-02", "gain +3 dB"),
        ("2026-11-03", "gain +3 dB"),
    }


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--healthy", "--fault-night", "1"), "exclude each other"),
        (("--gain-change", "4=3"), "a change in night 4: the fleet has nights 1 to 3"),
        (("--microphone-change", "1=fan/07"), "of machine 'fan/07', which the fleet does not have"),
        (("--growing-fault", "1=valve/00/bearing/1"), "a valve has no fault 'bearing': take one of"),
        (("--growing-fault", "1=fan/00/bearing/0"), "grow by more than 0"),
    ],
)
def test_a_change_that_cannot_be_is_one_line(tmp_path, options, line):
    said = asd("simulate", tmp_path, *SMALL, *options)
    assert said.code == 2 and line in said.err and not list(tmp_path.rglob("*.wav"))
