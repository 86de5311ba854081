from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.errors import UsageError
from asd_core.evaluation.submission import submission_files, unsubmittable
from tests.asd_core.evaluation.submissions import score_row, score_table

PARTS_OF_2021 = ("source_test", "target_test")


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


def test_the_clips_of_2021_come_domain_by_domain():
    table = score_table(
        score_row(name="x", uri="file:///dev/fan/source_test/section_00_source_test_normal_0000.wav"),
        score_row(name="x", uri="file:///dev/fan/target_test/section_00_target_test_normal_0000.wav"),
        score_row("pump", uri="file:///dev/pump/source_test/section_00_0000.wav"),
        score_row("pump", uri="file:///dev/pump/target_test/section_00_0000.wav"),
    )
    kinds, machines = ("anomaly_score", "decision_result"), ("fan", "pump")
    names = {f"{kind}_{fan}_section_00_{end}.csv" for kind in kinds for fan in machines for end in PARTS_OF_2021}
    assert unsubmittable(table) == {} and submission_files(table).keys() == names


def test_only_split_test_is_submitted_where_there_is_one():
    rows = [score_row(), score_row(name="supplement.wav", split=""), score_row(name="learnt.wav", split="train")]
    assert submission_files(score_table(*rows))["decision_result_fan_section_00_test.csv"].count(b"\n") == 1
    undivided = submission_files(score_table(*rows[1:]))["decision_result_fan_section_00_test.csv"]
    assert undivided == b"supplement.wav,1\n"


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
        score_row("x" * 300),
    )
    assert unsubmittable(table) == {
        ("pump", "00"): "clips of one file name",
        ("saw", "00"): "clips that have no score",
        ("x" * 300, "00"): "a name too long for a file",
    }
