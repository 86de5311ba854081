import csv
import os
from pathlib import Path

import pytest

from asd_core.errors import UsageError
from asd_core.evaluation.standings import judge
from tests.asd_core.evaluation.submissions import SCORED, TRUTH, write_lines, write_team, write_truth

GOLDEN = Path(os.environ.get("ASD_REAL_DATA", "/nowhere")) / "evaluator_golden_2023"
COLUMNS = {"AUC": "auc", "pAUC": "pauc", "precision": "precision", "recall": "recall", "F1 score": "f1"}
MEANS = {
    "arithmetic mean": "arithmetic_mean",
    "harmonic mean": "harmonic_mean",
    "source harmonic mean": "source_harmonic_mean",
    "target harmonic mean": "target_harmonic_mean",
}


def printed(path):
    """All numbers of an evaluator's result file: machines' figures, means by machine or of all, and last lines."""
    machine, header, found = None, [], {}
    for row in csv.reader(path.open()):
        if len(row) == 1:
            machine = row[0]
        elif row and row[0] == "section":
            header = row[1:]
        elif row and row[0].split(" over all ")[0] in MEANS:
            place = "all" if " over all " in row[0] else machine
            kind = MEANS[row[0].split(" over all ")[0]]
            found |= {(place, kind, name): float(text) for name, text in zip(COLUMNS.values(), row[2:], strict=True)}
        elif row and row[0].startswith("official"):
            found[row[0]] = float(row[2])
        elif row and row[0]:
            found |= {(machine, row[0], name): float(text) for name, text in zip(header, row[1:], strict=True)}
    return found


def own(standing):
    """The same numbers of a standing."""
    found = {"official score": standing.official_score, "official score ci95": standing.official_score_ci95}
    for machine in standing.evaluation.machines:
        place = (machine.machine_type, machine.machine_id)
        found |= {(*place, "AUC (all)"): machine.auc, (*place, "pAUC"): machine.pauc}
        for domain in ("source", "target"):
            decisions = getattr(machine, f"decisions_{domain}")
            found[*place, f"AUC ({domain})"] = getattr(machine, f"auc_{domain}")
            for label in ("precision", "recall", "F1 score"):
                found[*place, f"{label} ({domain})"] = getattr(decisions, COLUMNS[label])
    for place, means in {"all": standing.means, **standing.means_by_machine_type}.items():
        for kind in MEANS.values():
            found |= {(place, kind, name): value for name, value in getattr(means, kind).items()}
    return found


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="ASD_REAL_DATA names no folder with evaluator_golden_2023")
@pytest.mark.parametrize("system", ["sys1", "sys2"])
def test_every_number_that_the_official_evaluator_prints_is_found(system):
    (standing,) = [
        each for each in judge(str(GOLDEN / "submissions"), str(GOLDEN)).systems if each.system == f"team_a/{system}"
    ]
    expected = printed(GOLDEN / f"evaluator_output/{system}_result.csv")
    assert len(expected) == 7 * (10 + 20) + 20 + 2
    assert own(standing) == pytest.approx(expected, abs=1e-12)
    low, high = standing.interval
    assert low < standing.official_score < high and high - low > 0.02


def test_systems_are_sorted_by_their_official_score(tmp_path):
    truth = write_truth(tmp_path / "truth")
    scores = {"poor": -1, "good": 1, "same": 0}
    for name, sign in scores.items():
        own_scores = {clip: (sign * score, flag) for clip, (score, flag) in SCORED.items()}
        write_team(tmp_path / "teams" / name, scored=own_scores)
    found = judge(str(tmp_path / "teams"), str(truth))
    assert [each.system for each in found.systems] == ["good", "same", "poor"]
    assert (found.protocol, found.machines, found.remarks) == ("dcase2022", 2, ())


def test_a_system_that_lacks_a_machine_has_figures_and_no_official_score(tmp_path):
    truth = write_truth(tmp_path / "truth")
    write_team(tmp_path / "teams/half", ["fan"])
    write_team(tmp_path / "teams/none", ["pump"])
    half, none = judge(str(tmp_path / "teams"), str(truth)).systems
    assert (half.official_score, half.evaluation.machines_scored, len(half.problems)) == (None, 1, 1)
    assert half.means.harmonic_mean["auc"] > 0.5
    assert none.evaluation is None and len(none.problems) == 2 and len(none.remarks) == 1


def test_decisions_may_be_absent(tmp_path):
    truth, team = write_truth(tmp_path / "truth"), write_team(tmp_path / "team")
    for path in team.glob("decision_result*"):
        path.unlink()
    (standing,) = judge(str(team), str(truth)).systems
    assert (standing.system, standing.problems, standing.remarks) == ("team", (), ())
    assert standing.official_score > 0.5 and standing.means.harmonic_mean["f1"] is None


def test_the_score_of_2020_and_that_of_2021_follow_their_files(tmp_path):
    clips = [f"id_01_{number:08d}.wav" for number in range(6)]
    lines = [f"{clip},x{clip},{number % 2}" for number, clip in enumerate(clips)]
    write_lines(tmp_path / "2020/eval_data_list.csv", ["fan", *lines])
    write_lines(tmp_path / "team/anomaly_score_fan_id_01.csv", [f"{clip},{n}" for n, clip in enumerate(clips)])
    found = judge(str(tmp_path / "team"), str(tmp_path / "2020"))
    (standing,) = found.systems
    machine = standing.evaluation.machines[0]
    assert (found.protocol, standing.official_score_ci95) == ("dcase2020", None)
    assert standing.official_score == pytest.approx((machine.auc + machine.pauc) / 2)
    assert standing.means.source_harmonic_mean is None


def test_another_years_rule_can_be_asked_for(tmp_path):
    truth, team = write_truth(tmp_path / "truth"), write_team(tmp_path / "team")
    assert judge(str(team), str(truth), "dcase2021").systems[0].evaluation.protocol == "dcase2021"


def test_a_folder_without_submissions_is_refused(tmp_path):
    truth = write_truth(tmp_path / "truth")
    write_lines(tmp_path / "teams/scores.csv", [f"{clip},1" for clip in TRUTH])
    with pytest.raises(UsageError, match="teams: holds no file named anomaly_score_"):
        judge(str(tmp_path / "teams"), str(truth))
