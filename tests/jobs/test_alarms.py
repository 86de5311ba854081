import csv
import io
import re

import numpy as np
import pytest
import soundfile

from jobs.alarms import ALARM_CODE
from tests.command import asd
from tests.fleet import clip_path, write_fleet

DATES = [f"2026-11-{day:02d}" for day in range(1, 10)]


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """A store in which three fans learnt seven nights, and two nights are scored; one fan squeals in the last."""
    root = tmp_path_factory.mktemp("alarms")
    archive, store = write_fleet(root / "archive", ("00", "01", "02"), DATES, clips=3), root / "store"
    for number in range(3):
        tone = 0.3 * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
        soundfile.write(clip_path(archive, "01", DATES[-1], number), tone, 16_000)
    common = ["--recipe", "twfr-knn", "--store", store, "--local", "--json"]
    assert asd("fit", archive, *common, "--until", DATES[6]).code == 0
    assert asd("nightly", archive, *common, "--date", DATES[7]).code == 0
    night = asd("nightly", archive, *common, "--no-report", "--set", "alarm.false_alarms=0.3")
    return store, night.json


def alarms(plant, *more):
    return asd("alarms", "--recipe", "twfr-knn", "--store", plant[0], *more)


def test_the_machine_that_squeals_is_named_by_the_command_and_by_the_night(plant):
    said = alarms(plant, "--false-alarms", "0.3", "--json").json
    (alarm,) = said["alarms"]
    assert (said["date"], alarm["machine_id"], alarm["tier"], alarm["state"]) == (DATES[-1], "01", "act", "new")
    assert plant[1]["alarms"] == said["alarms"] and said["key"] == plant[1]["key"]


def test_the_sentence_stands_on_top_and_a_line_names_the_machine(plant):
    said = alarms(plant, "--false-alarms", "0.3")
    first, second, *_ = said.out.splitlines()
    assert first.startswith(f"{DATES[-1]}: 1 machine of 3 is in alarm") and "fan 01" in second


def test_the_report_has_the_tier_of_each_machine(plant):
    assert asd("report", "--recipe", "twfr-knn", "--store", plant[0], "--set", "alarm.false_alarms=0.3").code == 0
    (page,) = (plant[0] / "reports").rglob(f"date={DATES[-1]}/index.html")
    states = re.findall(r'"status \w+"><span aria-hidden="true">.</span> ([a-z ]+)[,<]', page.read_text())
    assert states[0] == "in alarm" and set(states) <= {"in alarm", "watched", "within chance", "not decided"}


def test_alarms_of_past_nights_are_told_against_those_expected_by_the_same_rule(plant):
    rule = ("--set", "alarm.false_alarms=0.3")
    assert alarms(plant, *rule, "--date", DATES[7]).code == 0
    past = alarms(plant, *rule, "--json").json["past"]
    assert (past["nights"], past["new_alarms"], past["verdict"]) == (2, 1, "as_expected")
    assert past["expected"] == pytest.approx(0.6) and past["low"] < 1 < past["high"]
    assert "1 new alarm in 2 judged nights, 0.6 expected if all were well" in alarms(plant, *rule).out


def test_a_page_that_another_rule_wrote_is_told_with_the_command_that_mends_it(plant):
    date, report = DATES[-1], ["report", "--recipe", "twfr-knn", "--store", plant[0]]
    assert asd(*report).code == 0 and alarms(plant, "--json").json["notes"] == []
    (note,) = alarms(plant, "--false-alarms", "0.3", "--json").json["notes"]
    command = f"asd report --date {date} --set alarm.false_alarms=0.3"
    assert note == f"the page of this night says otherwise: {command} writes it anew"
    assert asd(*report, *command.split()[4:]).code == 0
    assert alarms(plant, "--false-alarms", "0.3", "--json").json["notes"] == []


def test_csv_has_a_line_a_machine(plant):
    rows = list(csv.DictReader(io.StringIO(alarms(plant, "--csv").out)))
    assert [row["machine_id"] for row in rows][0] == "01" and len(rows) == 3


@pytest.mark.parametrize(("number", "code"), [("0.3", ALARM_CODE), ("0.0001", 0)])
def test_an_alarm_is_an_exit_code_where_asked_for(plant, number, code):
    assert alarms(plant, "--false-alarms", number, "--fail-on-alarm").code == code
    assert alarms(plant, "--false-alarms", number).code == 0


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--csv", "--json"], 2, "--csv and --json exclude each other"),
        (["--false-alarms", "0"], 2, "0"),
        (["--date", "yesterday"], 2, "yesterday"),
        (["--date", "2020-01-01"], 1, "nothing is scored for twfr-knn-"),
        (["--set", "alarm.rule=vote"], 2, "rule"),
    ],
)
def test_what_cannot_be_is_one_line(plant, options, code, message):
    said = alarms(plant, *options)
    assert said.code == code and message in said.err and "Traceback" not in said.err


def test_a_store_without_scores_says_what_to_run(tmp_path):
    said = asd("alarms", "--recipe", "twfr-knn", "--store", tmp_path / "store")
    assert said.code == 1 and "asd nightly" in said.err


def test_a_labelled_alarm_is_listed_as_acknowledged_and_is_no_alarm_for_scripts(plant):
    night = ["label", "--store", plant[0], "--machine", "fan/01", "--date", DATES[-1]]
    assert asd(*night, "--fault", "loose belt", "--by", "Ann").code == 0
    said = alarms(plant, "--false-alarms", "0.3", "--fail-on-alarm", "--json")
    (row,) = said.json["acknowledged"]
    assert said.code == 0 and (row["machine_id"], row["label_words"]) == ("01", "loose belt")
    assert said.json["alarms"] == [] and said.json["precision"]["labelled_alarms"] == 1
    text = alarms(plant, "--false-alarms", "0.3").out
    assert "no machine is in alarm" in text and 'Acknowledged as a fault by Ann ("loose belt")' in text
    assert "Of 1 labelled alarm 1 was a fault" in text
    assert asd(*night, "--normal").code == 0
    assert alarms(plant, "--false-alarms", "0.3", "--json").json["acknowledged"] == []
    assert "Of 1 labelled alarm 0 were faults" in alarms(plant, "--false-alarms", "0.3").out
    assert asd(*night, "--remove").code == 0
    assert alarms(plant, "--false-alarms", "0.3", "--fail-on-alarm").code == ALARM_CODE
