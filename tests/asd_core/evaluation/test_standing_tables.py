import csv
import io
import json

import pytest

from asd_core.evaluation.standing_tables import machines_csv, standings_json, standings_text, systems_csv
from asd_core.evaluation.standings import judge
from tests.asd_core.evaluation.submissions import write_team, write_truth


@pytest.fixture
def standings(tmp_path):
    write_team(tmp_path / "teams/a")
    write_team(tmp_path / "teams/b", ["fan"])
    return judge(str(tmp_path / "teams"), str(write_truth(tmp_path / "truth")))


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_json_holds_every_figure_and_problem(standings):
    tree = json.loads(json.dumps(standings_json(standings), allow_nan=False))
    first, second = tree["systems"]
    assert first["official_score"] == standings.systems[0].official_score
    assert first["evaluation"]["machines"][0]["auc_source"] == 1.0
    assert first["means_by_machine_type"]["fan"]["target_harmonic_mean"]["auc"] == 0.5
    assert second["official_score"] is None and len(second["problems"]) == 1


def test_the_csv_files_have_a_line_for_each_system_and_for_each_of_its_machines(standings):
    first, second = rows(systems_csv(standings))
    assert (first["system"], first["machines_scored"], second["official_score"]) == ("a", "2", "")
    assert "there is no anomaly_score_Toy_Car_2_section_00_test.csv" in second["problems"]
    assert [row["system"] for row in rows(machines_csv(standings))] == ["a", "a", "b", "b"]


def test_the_text_shows_systems_and_the_machines_of_a_few(standings, tmp_path):
    text = standings_text(standings)
    assert "2 systems, 2 machines, dcase2022" in text and "1 of 2" in text and "b:\nmachine type" in text
    for number in range(6):
        write_team(tmp_path / f"teams/c{number}")
    many = standings_text(judge(str(tmp_path / "teams"), str(tmp_path / "truth")))
    assert "8 systems" in many and "machine type" not in many
