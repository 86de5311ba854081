import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.errors import UsageError
from asd_core.evaluation.submission import read_submission, submission_files, unsubmittable
from asd_core.store.tables import SCORES

TRUTH = {  # released name → condition, domain, name with attributes
    "section_00_0000.wav": (0, 0, "section_00_source_test_normal_0000_speed_1"),
    "section_00_0001.wav": (1, 0, "section_00_source_test_anomaly_0000_speed_1"),
    "section_00_0002.wav": (0, 1, "section_00_target_test_normal_0000_speed_2"),
    "section_00_0003.wav": (1, 1, "section_00_target_test_anomaly_0000_speed_2"),
}
SCORED = {name: (float(index) / 3, index % 2) for index, name in enumerate(TRUTH)}


def score_row(machine_type="fan", machine_id="00", name="section_00_0000.wav", **changes):
    row = {
        "clip_id": "0" * 32,
        "uri": f"file:///archive/{machine_type}/test/{name}",
        "machine_type": machine_type,
        "machine_id": machine_id,
        "split": "test",
        "domain": "",
        "attributes": "",
        "condition": "",
        "date": "undated",
        "size": 1,
        "extra": "{}",
        "anomaly_score": 0.5,
        "decision_threshold": 0.4,
        "is_flagged": True,
    }
    return row | changes


def score_table(*rows):
    return pa.Table.from_pylist(list(rows), schema=SCORES)


def write_lines(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


@pytest.fixture
def truth(tmp_path):
    for column, kind in enumerate(("data", "domain", "attributes")):
        for machine in ("fan", "Toy_Car_2"):
            path = tmp_path / "truth" / f"ground_truth_{kind}" / f"ground_truth_{machine}_section_00_test.csv"
            write_lines(path, [f"{name},{row[column]}" for name, row in TRUTH.items()])
    return tmp_path / "truth"


@pytest.fixture
def team(tmp_path):
    for machine in ("fan", "Toy_Car_2"):
        scores = tmp_path / "team" / f"anomaly_score_{machine}_section_00_test.csv"
        decisions = tmp_path / "team" / f"decision_result_{machine}_section_00_test.csv"
        write_lines(scores, [f"{name},{score}" for name, (score, _) in SCORED.items()])
        write_lines(decisions, [f"{name},{decision}" for name, (_, decision) in SCORED.items()])
    return tmp_path / "team"


def change(
    folder: Path, line: str, changed: list[str], kind: str = "anomaly_score", name: str = "fan_section_00_test.csv"
):
    path = folder / f"{kind}_{name}"
    lines = path.read_text().splitlines()
    index = lines.index(line)
    write_lines(path, [*lines[:index], *changed, *lines[index + 1 :]])


def as_dict(table):
    return {(row["machine_type"], row["uri"].rsplit("/", 1)[1]): row for row in table.to_pylist()}


def test_a_submission_is_joined_with_its_ground_truth(team, truth):
    table = read_submission(team, truth)
    assert table.schema.equals(SCORES)
    assert table.num_rows == 8
    row = as_dict(table)["Toy_Car_2", "section_00_0003.wav"]
    assert (row["condition"], row["domain"], row["anomaly_score"], row["is_flagged"]) == (
        "anomalous",
        "target",
        1.0,
        True,
    )


def test_the_order_of_rows_does_not_matter(team, truth):
    before = read_submission(team, truth)
    for path in team.iterdir():
        write_lines(path, reversed(path.read_text().splitlines()))
    assert read_submission(team, truth).equals(before)


@pytest.mark.parametrize("ending", ["", ".wav"])
def test_names_with_attributes_join_as_well(team, truth, ending):
    before = read_submission(team, truth)
    for path in team.iterdir():
        rows = (line.split(",") for line in path.read_text().splitlines())
        write_lines(path, [f"{TRUTH[name][2]}{ending},{value}" for name, value in rows])
    assert read_submission(team, truth).equals(before)


def test_the_third_column_of_2024_joins_as_well(team, truth):
    path = truth / "ground_truth_attributes" / "ground_truth_fan_section_00_test.csv"
    lines = path.read_text().splitlines()
    write_lines(path, [f"{line},true_{index}.wav" for index, line in enumerate(lines)])
    change(team, "section_00_0000.wav,0.0", ["true_0.wav,7.5"])
    assert as_dict(read_submission(team, truth))["fan", "section_00_0000.wav"]["anomaly_score"] == 7.5


def test_the_file_names_of_the_official_baseline_are_read(team, truth):
    before = read_submission(team, truth)
    for path in list(team.iterdir()):
        kind = "anomaly_score" if path.name.startswith("anomaly_score") else "decision_result"
        rest = path.name.removeprefix(f"{kind}_").replace("_test.csv", "_test_seed13711_id(0_)_Eval.csv")
        path.rename(team / f"{kind}_DCASE2023T2{rest}")
    assert read_submission(team, truth).equals(before)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ([], r"section_00_0000\.wav is missing \(1 in all\)"),
        (["section_00_0000.wav,0.0", "section_00_0000.wav,0.0"], r"section_00_0000\.wav is given twice"),
        (
            ["section_00_0000.wav,0.0", f"{TRUTH['section_00_0000.wav'][2]},0.0"],
            r"speed_1 is given twice \(it is section_00",
        ),
        (["section_00_0000.wav,0.0", "section_00_9999.wav,0.0"], r"section_00_9999\.wav is not in the ground truth"),
        (["section_00_0000.wav,nan"], r"'nan' of section_00_0000\.wav is not a finite number"),
        (["section_00_0000.wav,-inf"], r"'-inf' of section_00_0000\.wav is not a finite number"),
        (["section_00_0000.wav,loud"], r"'loud' of section_00_0000\.wav is not a finite number"),
        (["section_00_0000.wav"], r"'section_00_0000\.wav' is not a clip, a comma and a number"),
    ],
)
def test_a_bad_row_is_refused_with_file_and_clip(team, truth, changed, message):
    change(team, "section_00_0000.wav,0.0", changed)
    with pytest.raises(UsageError, match=rf"anomaly_score_fan_section_00_test\.csv: .*{message}"):
        read_submission(team, truth)


def test_a_right_count_of_wrong_names_is_refused(team, truth):
    change(team, "section_00_0000.wav,0.0", ["section_01_0000.wav,0.0"])
    with pytest.raises(UsageError, match=r"section_01_0000\.wav is not in the ground truth"):
        read_submission(team, truth)


def test_a_decision_other_than_0_and_1_is_refused(team, truth):
    change(team, "section_00_0000.wav,0", ["section_00_0000.wav,0.5"], kind="decision_result")
    with pytest.raises(UsageError, match=r"decision_result_fan.*0\.5 of section_00_0000\.wav is neither 0 nor 1"):
        read_submission(team, truth)


@pytest.mark.parametrize("kind", ["anomaly_score", "decision_result"])
def test_a_missing_file_is_named(team, truth, kind):
    (team / f"{kind}_Toy_Car_2_section_00_test.csv").unlink()
    with pytest.raises(UsageError, match=f"there is no {kind}_Toy_Car_2_section_00_test.csv"):
        read_submission(team, truth)


def test_a_file_of_a_machine_without_ground_truth_is_refused(team, truth):
    shutil.copy(team / "anomaly_score_fan_section_00_test.csv", team / "anomaly_score_fan_section_01_test.csv")
    with pytest.raises(UsageError, match=r"anomaly_score_fan_section_01_test\.csv: .* no ground truth"):
        read_submission(team, truth)


def test_two_files_of_one_machine_are_refused(team, truth):
    shutil.copy(
        team / "anomaly_score_fan_section_00_test.csv", team / "anomaly_score_DCASE2023T2fan_section_00_test.csv"
    )
    with pytest.raises(UsageError, match="of the same machine; keep one"):
        read_submission(team, truth)


def test_files_are_named_by_the_dcase_rules():
    table = score_table(
        score_row("Toy_Car_2", "01", "section_01_0000.wav"),
        score_row("fan", "id_04", "id_04_00000000.wav"),
        score_row("valve", "00", "normal_id_00_00000000.wav"),
    )
    assert list(submission_files(table)) == [
        "anomaly_score_Toy_Car_2_section_01_test.csv",
        "decision_result_Toy_Car_2_section_01_test.csv",
        "anomaly_score_fan_id_04.csv",
        "decision_result_fan_id_04.csv",
        "anomaly_score_valve_id_00.csv",
        "decision_result_valve_id_00.csv",
    ]


def test_rows_are_sorted_by_clip_and_keep_every_digit():
    table = score_table(
        score_row(name="b.wav", anomaly_score=1 / 3),
        score_row(name="a%2C%C3%A9.wav", anomaly_score=-1e300, is_flagged=False),
        score_row(name="c.wav", split="train"),
    )
    files = submission_files(table)
    assert files["anomaly_score_fan_section_00_test.csv"] == '"a,é.wav",-1e+300\nb.wav,0.3333333333333333\n'.encode()
    assert files["decision_result_fan_section_00_test.csv"] == '"a,é.wav",0\nb.wav,1\n'.encode()


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.sampled_from(["00", "../x", "a_b", "\0"]))
def test_no_machine_name_escapes_the_folder(machine_type, machine_id):
    names = submission_files(score_table(score_row(machine_type, machine_id, uri="file:///a/b.wav")))
    for name in names:
        assert not set(name) & set('/\\:*?"<>|\0\n')
        assert Path("out", name).resolve().parent == Path("out").resolve()


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
    table = read_submission(tmp_path, tmp_path / "truth")
    assert set(table["machine_type"].to_pylist()) == {machine_type}
    assert set(table["machine_id"].to_pylist()) == {"0/0"}
    assert table["anomaly_score"].to_pylist() == [score for score, _ in SCORED.values()]
    assert table["is_flagged"].to_pylist() == [bool(flag) for _, flag in SCORED.values()]


def test_a_clip_without_a_score_cannot_be_submitted():
    table = score_table(score_row(anomaly_score=None, is_flagged=None, error_reason="empty", error="no samples"))
    with pytest.raises(UsageError, match=r"'section_00_0000\.wav' of \('fan', '00'\) cannot be submitted: no samples"):
        submission_files(table)


def test_two_clips_of_one_name_cannot_be_submitted():
    with pytest.raises(UsageError, match="two clips of .* are named"):
        submission_files(score_table(score_row(), score_row(uri="file:///other/section_00_0000.wav")))


def test_two_machines_never_share_a_file():
    first, second = score_row("a_section_01", "02"), score_row("a", "01_section_02")
    with pytest.raises(UsageError, match="two machines would be written to"):
        submission_files(score_table(first, second))


def test_machines_that_a_submission_cannot_hold_are_told_with_the_reason():
    again = {"uri": "file:///archive/other/section_00_0000.wav"}
    table = score_table(
        score_row(),
        score_row(**again, split="train"),
        score_row("pump"),
        score_row("pump", **again),
        score_row("saw", anomaly_score=None, is_flagged=None),
    )
    assert unsubmittable(table) == {("pump", "00"): "clips of one file name", ("saw", "00"): "clips that have no score"}
