import json
import logging
import warnings

import click
import pytest

from jobs.console import Talk
from jobs.main import Commands
from jobs.run_log import LibraryLines, RunLog, current_log, log_of, printable
from tests.command import asd
from tests.fleet import NIGHTS, write_fleet


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def log():
    return RunLog("nightly", as_json=True)


def test_a_line_has_time_level_run_command_key_and_message(log, capsys):
    log.key = "fleet-1"
    log.write("warning", "slow", stage="embedding clips")
    (line,) = lines(capsys.readouterr().err)
    assert line.pop("time").endswith("Z") and line.pop("run") == log.run
    assert line == {
        "level": "warning",
        "command": "nightly",
        "key": "fleet-1",
        "message": "slow",
        "stage": "embedding clips",
    }


def test_runs_have_ids_of_their_own():
    assert len({RunLog().run for _ in range(100)}) == 100


@pytest.mark.parametrize("name", ["new\nline", "\x1b[31mred", '"},{"level": "error"', "caf\udce9", "\u2028"])
def test_a_hostile_name_stays_in_one_line_and_in_its_field(log, name):
    line = log.line("info", name, stage=name)
    assert line.isascii() and line.isprintable() and len(line.splitlines()) == 1
    assert json.loads(line)["message"] == printable(name) and json.loads(line)["level"] == "info"


@pytest.mark.parametrize(
    ("arguments", "variable", "is_json"),
    [
        ([], "", False),
        ([], "json", True),
        (["--log-format", "text"], "json", False),
        (["--log-format=json"], "", True),
        (["--log-format", "json", "--log-format", "text"], "", False),
        (["--", "--log-format=json"], "", False),
        (["--log-format"], "json", False),
    ],
    ids=str,
)
def test_an_option_wins_over_the_variable(arguments, variable, is_json):
    log = log_of(["nightly", *arguments], {"ASD_LOG_FORMAT": variable})
    assert (log.as_json, log.command) == (is_json, "nightly")


def test_where_no_command_runs_lines_are_for_people(capsys):
    assert not current_log().as_json
    with Talk() as talk:
        talk.say("a remark")
    assert capsys.readouterr().err == "a remark\n"


def test_a_note_is_a_warning_and_a_quiet_run_says_nothing(log, capsys):
    for quiet in (False, True):
        with click.Context(click.Command("nightly"), obj=log), Talk(quiet=quiet) as talk:
            talk.say("a remark")
            talk.say("note: random weights")
            talk.progress("embedding clips", 1, 2)
            talk.result({"run_id": "fit-1"}, "listed 2\nmore")
    told = lines(capsys.readouterr().err)
    assert [(line["level"], line["message"]) for line in told] == [
        *(("info", "a remark"), ("warning", "note: random weights")),
        *(("info", "embedding clips: 1 of 2"), ("info", "listed 2")),
    ]
    assert told[-1]["run_id"] == "fit-1"


def test_what_libraries_log_is_a_line_too_until_the_end(log, capsys):
    handler = LibraryLines(log)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        handler.open()
        try:
            logging.getLogger("a.library").warning("odd:\n%s", "value")
            logging.getLogger("a.library").info("nobody asked")
            warnings.warn("old", stacklevel=1)
        finally:
            handler.close()
    odd, old = lines(capsys.readouterr().err)
    assert (odd["level"], odd["logger"], odd["message"]) == ("warning", "a.library", "odd: value")
    assert old["logger"] == "py.warnings" and "old" in old["message"]
    assert handler not in logging.getLogger().handlers


def test_every_line_of_a_command_is_json_with_one_run(tmp_path):
    archive = write_fleet(tmp_path / "archive", dates=NIGHTS[:1])
    said = asd(
        *("fit", archive, "--recipe", "twfr-knn", "--store", tmp_path / "store", "--local"),
        *("--json", "--log-format", "json", "--until", NIGHTS[0]),
    )
    told = lines(said.err)
    assert said.code == 0 and len({line["run"] for line in told}) == 1
    assert {line["command"] for line in told} == {"fit"}
    assert told[-1]["run_id"] == said.json["run_id"] and told[-1]["key"] == said.json["key"]
    stages = [line for line in told if line.get("stage") == "embedding clips"]
    assert stages[-1]["done"] == stages[-1]["total"] == 8


@pytest.mark.parametrize(
    "arguments",
    [
        ["--log-format", "json"],
        ["gone", "--store", "store", "--log-format", "json"],
        ["--no-such", "--log-format=json"],
        ["gone", "--store", "store", "--log-format", "json", "--traceback"],
    ],
    ids=str,
)
def test_an_error_is_a_line_too(tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    said = asd("nightly", *arguments)
    last = lines(said.err)[-1]
    assert said.code == 2 and last["level"] == "error" and last["command"] == "nightly"


@pytest.mark.parametrize(("as_json", "empty"), [(True, 0), (False, 1)])
def test_an_interrupted_command_leaves_no_empty_line_among_lines_of_json(capsys, as_json, empty):
    @click.command("wait")
    def wait():
        raise KeyboardInterrupt

    class Waits(Commands):
        def get_command(self, ctx, cmd_name):
            return wait

        def resolve_command(self, ctx, args):
            return "wait", wait, []

    with pytest.raises(click.Abort):
        Waits("asd").main(["wait"], standalone_mode=False, obj=RunLog(as_json=as_json))
    assert capsys.readouterr().err.count("\n") == empty


def test_an_unknown_format_is_a_usage_error_for_people():
    said = asd("recipes", "--log-format", "xml")
    assert said.code == 2 and "'xml' is not one of" in said.err


@pytest.mark.parametrize("name", ["new\nline", "\x1b[31mred", "bell\x07", "caf\udce9"])
def test_a_file_name_cannot_steer_the_terminal(name):
    shown = printable(name)
    assert "\n" not in shown and "\x1b" not in shown and "\x07" not in shown
    shown.encode("utf-8")
