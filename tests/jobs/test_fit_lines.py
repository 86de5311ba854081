from asd_core.pipeline.machine_tasks import FitOutcome
from jobs.fit_lines import fit_line


def test_a_fitted_machine_tells_its_threshold_and_expected_false_alarms():
    outcome = FitOutcome("fan", "00", 8, "v1", True, 0.5, 0.1, ("few clips",))
    assert fit_line(outcome) == "fan 00: 8 normal clips, threshold 0.5, false alarms on unseen normals 10%; few clips"
    assert "normals unknown" in fit_line(FitOutcome("fan", "00", 8, "v1", True, 0.5, float("nan")))


def test_a_machine_without_a_scorer_tells_why():
    assert fit_line(FitOutcome("fan", "00", 1, error="record more")) == "fan 00: no scorer: record more"
