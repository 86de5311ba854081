import csv
import json

import pytest

from tests.asd_core.evaluation.submissions import write_team, write_truth
from tests.command import asd


@pytest.fixture
def given(tmp_path):
    write_team(tmp_path / "teams/a/1")
    truth = write_truth(tmp_path / "truth")
    return ["evaluate", "--submissions", tmp_path / "teams", "--ground-truth", truth]


def test_submissions_are_judged_without_a_store_or_a_recipe(given):
    said = asd(*given, "--json")
    (system,) = said.json["systems"]
    assert (said.code, system["system"]) == (0, "a/1") and 0 < system["official_score"] <= 1


def test_out_holds_the_tables(given, tmp_path):
    said = asd(*given, "--json", "--out", tmp_path / "out")
    assert json.loads((tmp_path / "out/submissions.json").read_text()) == said.json
    assert len(list(csv.reader((tmp_path / "out/machines.csv").open()))) == 3
    assert len(list(csv.reader((tmp_path / "out/systems.csv").open()))) == 2
    assert "official score" in (tmp_path / "out/submissions.txt").read_text()


def test_a_system_that_lacks_files_is_told_and_the_others_are_judged(given, tmp_path):
    write_team(tmp_path / "teams/b", ["fan", "pump"])
    said = asd(*given)
    assert said.code == 1 and "a/1" in said.out
    assert "b: there is no anomaly_score_Toy_Car_2_section_00_test.csv" in said.err
    assert "note: b: the ground truth has no machine pump 00" in said.err
    assert said.err.splitlines()[-1].startswith("Error: 1 of 2 systems lack what an official score needs")


def test_one_option_without_the_other_and_options_of_stores_are_refused(given, tmp_path):
    said = asd(*given[:3])
    assert said.code == 2 and "--ground-truth is missing" in said.err
    said = asd(*given, "--store", tmp_path / "store")
    assert said.code == 2 and "--submissions judges files alone: leave --store out" in said.err


def test_a_folder_that_is_not_there_is_refused(given, tmp_path):
    given[2] = tmp_path / "nowhere"
    assert asd(*given).code == 2
