from asd_core.pipeline.machine_tasks import FitOutcome
from asd_core.pipeline.machine_updates import UpdateOutcome
from jobs.fit_lines import fit_line, type_line, update_lines


def test_a_fitted_machine_tells_its_threshold_and_expected_false_alarms():
    outcome = FitOutcome("fan", "00", 8, "v1", True, 0.5, 0.1, ("few clips",))
    assert fit_line(outcome) == "fan 00: 8 normal clips, threshold 0.5, false alarms on unseen normals 10%; few clips"
    assert "normals unknown" in fit_line(FitOutcome("fan", "00", 8, "v1", True, 0.5, float("nan")))


def test_a_machine_without_a_scorer_tells_why():
    assert fit_line(FitOutcome("fan", "00", 1, error="record more")) == "fan 00: no scorer: record more"


def test_nights_that_were_left_out_are_told():
    outcome = FitOutcome("fan", "00", 8, "v1", True, 0.5, 0.1, left_out="night")
    assert fit_line(outcome).endswith("false alarms on unseen normals 10%, each night left out")


def test_a_machine_that_waits_for_nights_of_its_own_says_whose_bank_judges_it():
    outcome = FitOutcome("fan", "09", 0, notes=("judged by the fan bank",))
    assert fit_line(outcome) == "fan 09: no scorer of its own; judged by the fan bank"


def test_a_machine_type_tells_who_lends_or_why_nobody_does():
    assert type_line("fan", 90, 9, 0.12, None) == (
        "new machines of type fan are judged by 90 normal clips of 9 machines, false alarms on a machine left out 12%"
    )
    assert type_line("fan", 5, 2, None, "too few") == "new machines of type fan have no bank: too few"


def test_an_update_tells_each_machine_and_those_that_stand_apart():
    published = UpdateOutcome("fan", "00", "v000002-0", True, 3, 24, 1.0, 2, 5, 20)
    refused = UpdateOutcome("fan", "01", "v000001-0", refused="too loud")
    same = UpdateOutcome("fan", "02", "v000001-0")
    lines = update_lines([published, refused, same], [f"fan {number:02d}" for number in range(12)])
    assert lines[0].startswith("fan 00: 3 nights joined, 24 normal clips, of 20 clips of the last nights 2 are flagged")
    assert lines[1:3] == ["fan 01: its scorer stays: too loud", "fan 02: the same clips as before"]
    assert lines[3].startswith("note: fan 00, ") and "fan 09 and 2 more: moved without the fleet" in lines[3]
