import shutil
from pathlib import Path

import numpy as np
import pytest

from asd_core.evaluation.labelled_clips import Counts
from asd_core.evaluation.submission import submission_files
from asd_core.evaluation.submitted import find_systems
from asd_core.store.local_files import LocalFiles
from tests.asd_core.evaluation.submissions import (
    SCORED,
    TRUTH,
    clips_of,
    everything,
    joined,
    score_row,
    score_table,
    write_lines,
    write_team,
    write_truth,
)


@pytest.fixture
def truth(tmp_path):
    return write_truth(tmp_path / "truth")


@pytest.fixture
def team(tmp_path):
    return write_team(tmp_path / "team")


def change(
    folder: Path, line: str, changed: list[str], kind: str = "anomaly_score", name: str = "fan_section_00_test.csv"
):
    path = folder / f"{kind}_{name}"
    lines = path.read_text().splitlines()
    index = lines.index(line)
    write_lines(path, [*lines[:index], *changed, *lines[index + 1 :]])


def renamed(team, rename):
    for path in list(team.iterdir()):
        path.rename(team / rename(path.name))


def test_a_submission_is_joined_with_its_ground_truth(team, truth):
    found = joined(team, truth)
    assert [(own.machine_type, own.machine_id) for own in found.machines] == [("Toy_Car_2", "00"), ("fan", "00")]
    assert (found.problems, found.remarks) == ((), ())
    assert clips_of(found, "Toy_Car_2")[3] == (1.0, True, "target", 1.0)
    assert found.machines[0].counts == Counts(normal=2, anomalous=2)


def test_the_order_of_rows_does_not_matter(team, truth):
    before = everything(joined(team, truth))
    for path in team.iterdir():
        write_lines(path, reversed(path.read_text().splitlines()))
    assert everything(joined(team, truth)) == before


@pytest.mark.parametrize(
    "spelt",
    [
        lambda name: TRUTH[name][2],
        lambda name: f"{TRUTH[name][2]}.wav",
        lambda name: f"/data/fan/test/{name}",
        lambda name: f"D:\\data\\{name}",
        lambda name: name.replace(".wav", ".WAV"),
        lambda name: name.removesuffix(".wav"),
    ],
)
def test_a_clip_may_be_named_with_attributes_or_with_its_path(team, truth, spelt):
    before = everything(joined(team, truth))
    for path in team.iterdir():
        rows = (line.split(",") for line in path.read_text().splitlines())
        write_lines(path, [f"{spelt(name)},{value}" for name, value in rows])
    assert everything(joined(team, truth)) == before


def test_the_third_column_of_2024_joins_as_well(team, truth):
    path = truth / "ground_truth_attributes" / "ground_truth_fan_section_00_test.csv"
    lines = path.read_text().splitlines()
    write_lines(path, [f"{line},true_{index}.wav" for index, line in enumerate(lines)])
    change(team, "section_00_0000.wav,0.0", ["true_0.wav,7.5"])
    assert clips_of(joined(team, truth))[0][0] == 7.5


@pytest.mark.parametrize("ending", ["_test_seed13711_id(0_)_Eval.csv", "_test_seed13711_id(0_).csv", "_test_seed1.csv"])
def test_the_file_names_of_the_official_baseline_are_read(team, truth, ending):
    before = everything(joined(team, truth))
    renamed(
        team,
        lambda name: (
            name.replace("_test.csv", ending)
            .replace("score_", "score_DCASE2023T2")
            .replace("result_", "result_DCASE2023T2")
        ),
    )
    assert everything(joined(team, truth)) == before


def test_the_domains_of_2021_lie_in_files_of_their_own(tmp_path):
    for domain in ("source", "target"):
        clips = [(f"section_00_{domain}_test_{number:04d}.wav", number % 2) for number in range(4)]
        ending = f"fan_section_00_{domain}_test.csv"
        write_lines(tmp_path / "truth/ground_truth_data" / f"ground_truth_{ending}", [f"{n},{y}" for n, y in clips])
        for kind in ("anomaly_score", "decision_result"):
            write_lines(tmp_path / "team" / f"{kind}_{ending}", [f"{name},{label}" for name, label in clips])
    clips = clips_of(joined(tmp_path / "team", tmp_path / "truth"))
    assert [domain for _, _, domain, _ in clips] == ["source"] * 4 + ["target"] * 4
    assert {score for score, is_anomalous, _, _ in clips if is_anomalous} == {1.0}


def test_a_missing_domain_of_2021_is_named(tmp_path):
    test_the_domains_of_2021_lie_in_files_of_their_own(tmp_path)
    (tmp_path / "team/anomaly_score_fan_section_00_target_test.csv").unlink()
    (problem,) = joined(tmp_path / "team", tmp_path / "truth").problems
    assert "there is no anomaly_score_fan_section_00_target_test.csv" in problem


def test_the_names_of_2020_are_read_and_need_no_decisions(tmp_path):
    lines = ["fan", "id_01_00000000.wav,anomaly_id_01_00000009.wav,1", "id_01_00000001.wav,normal_id_01_00000003.wav,0"]
    write_lines(tmp_path / "truth/eval_data_list.csv", lines)
    write_lines(tmp_path / "team/anomaly_score_fan_id_01.csv", ["id_01_00000000.wav,2", "normal_id_01_00000003.wav,1"])
    found = joined(tmp_path / "team", tmp_path / "truth")
    assert [score for score, *_ in clips_of(found)] == [2.0, 1.0]
    assert (found.problems, found.remarks) == ((), ())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ([], "section_00_0000.wav is missing (1 in all)"),
        (["section_00_0000.wav,0.0", "section_00_0000.wav,0.0"], "section_00_0000.wav is given twice"),
        (["section_00_0000.wav,0.0", f"{TRUTH['section_00_0000.wav'][2]},0.0"], "is given twice (it is section_00"),
        (["section_00_0000.wav,0.0", "section_00_9999.wav,0.0"], "section_00_9999.wav is not in the ground truth"),
        (["section_00_0000.wav,nan"], "'nan' of section_00_0000.wav is not a finite number"),
        (["section_00_0000.wav,-inf"], "'-inf' of section_00_0000.wav is not a finite number"),
        (["section_00_0000.wav,loud"], "'loud' of section_00_0000.wav is not a finite number"),
        (["section_00_0000.wav"], "'section_00_0000.wav' is not a clip, a comma and a number"),
        (["section_01_0000.wav,0.0"], "section_01_0000.wav is not in the ground truth"),
    ],
)
def test_a_bad_row_costs_its_machine_the_scores_and_is_named_with_file_and_clip(team, truth, changed, message):
    change(team, "section_00_0000.wav,0.0", changed)
    found = joined(team, truth)
    (problem,) = found.problems
    assert problem.startswith("team: anomaly_score_fan_section_00_test.csv: ") and message in problem
    assert clips_of(found) == [] and found.machines[1].counts == Counts(errors=4)
    assert len(clips_of(found, "Toy_Car_2")) == 4


def test_a_decision_other_than_0_and_1_costs_only_the_decisions(team, truth):
    change(team, "section_00_0000.wav,0", ["section_00_0000.wav,0.5"], kind="decision_result")
    found = joined(team, truth)
    (remark,) = found.remarks
    assert "0.5 of section_00_0000.wav is neither 0 nor 1; fan 00 is judged without decisions" in remark
    assert found.problems == () and [flag for *_, flag in clips_of(found)] == pytest.approx([np.nan] * 4, nan_ok=True)


def test_a_missing_file_is_named(team, truth):
    (team / "anomaly_score_Toy_Car_2_section_00_test.csv").unlink()
    (problem,) = joined(team, truth).problems
    assert problem == "team: there is no anomaly_score_Toy_Car_2_section_00_test.csv; a system needs every machine"


def test_a_machine_without_ground_truth_is_named_and_left_out(team, truth):
    before = everything(joined(team, truth))
    shutil.copy(team / "anomaly_score_fan_section_00_test.csv", team / "anomaly_score_fan_section_01_test.csv")
    found = joined(team, truth)
    assert everything(found)[:3] == before[:3]
    assert found.remarks == ("team: the ground truth has no machine fan 01; its files are left out",)


def test_the_second_file_of_one_machine_is_named_and_left_out(team, truth):
    before = everything(joined(team, truth))
    score = team / "anomaly_score_fan_section_00_test.csv"
    shutil.copy(score, team / "anomaly_score_fan_section_00_test_seed1.csv")
    found = joined(team, truth)
    assert everything(found)[:3] == before[:3]
    assert "anomaly_score_fan_section_00_test_seed1.csv is left out" in found.remarks[0]


def test_every_folder_with_such_files_is_a_system_and_others_are_named(tmp_path):
    for name in ("a/1", "a/2", "b"):
        write_team(tmp_path / name)
    write_lines(tmp_path / "c/scores.csv", ["x,1"])
    write_lines(tmp_path / "b/anomaly_score_fan.csv", ["x,1"])
    systems, remarks = find_systems(LocalFiles(tmp_path), "all")
    assert [system.name for system in systems] == ["a/1", "a/2", "b"]
    assert "anomaly_score_fan.csv names no machine" in systems[2].remarks[0]
    assert remarks == ["c: none of 1 CSV files is named anomaly_score_<machine>_..."]


@pytest.mark.parametrize(
    "machine_type", ["fan", "Toy_Car", "../../etc", "C:\\fan", "50%", "fan 2", "Gebläse", "a_section_01"]
)
def test_what_is_written_is_read_back(tmp_path, machine_type):
    rows = [
        score_row(machine_type, "0/0", name, anomaly_score=score, is_flagged=bool(flag))
        for name, (score, flag) in SCORED.items()
    ]
    for name, data in submission_files(score_table(*rows)).items():
        (tmp_path / name).write_bytes(data)
        for column, kind in enumerate(("data", "domain")):
            truth_name = name.replace("anomaly_score", "ground_truth").replace("decision_result", "ground_truth")
            lines = [f"{clip},{row[column]}" for clip, row in TRUTH.items()]
            write_lines(tmp_path / "truth" / f"ground_truth_{kind}" / truth_name, lines)
    found = joined(tmp_path, tmp_path / "truth")
    assert [(own.machine_type, own.machine_id) for own in found.machines] == [(machine_type, "0/0")]
    assert [(score, flag) for score, _, _, flag in clips_of(found, machine_type)] == list(SCORED.values())


def test_a_submission_of_2021_is_written_by_domain_and_read_back(tmp_path):
    domains, numbers = ("source", "target"), range(4)
    rows = [
        score_row(
            "fan",
            "03",
            uri=f"file:///a/fan/{domain}_test/section_03_{domain}_test_{number:04d}.wav",
            domain=domain,
            anomaly_score=float(number),
        )
        for domain in domains
        for number in numbers
    ]
    for name, data in submission_files(score_table(*rows)).items():
        (tmp_path / name).write_bytes(data)
    for domain in domains:
        lines = [f"section_03_{domain}_test_{number:04d}.wav,{number % 2}" for number in numbers]
        write_lines(tmp_path / f"truth/ground_truth_data/ground_truth_fan_section_03_{domain}_test.csv", lines)
    found = joined(tmp_path, tmp_path / "truth")
    assert (found.problems, found.remarks) == ((), ())
    assert [score for score, *_ in clips_of(found)] == [0.0, 1.0, 2.0, 3.0] * 2
