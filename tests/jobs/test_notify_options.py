import json

import click
import pytest

from asd_core.errors import AsdError, BusyError, UsageError
from jobs.notify_options import audience_of, notify_options, telling_failures
from jobs.options import recipe_options
from jobs.run_log import RunLog
from tests.message_receiver import MessageReceiver

SECRET = "https://host.example/secret-word"


def failing(error):
    """A command that ends with an error, and tells so."""

    @click.command("failing")
    @click.option("--store", "store_url")
    @recipe_options
    @notify_options
    @telling_failures
    def command(audience, **options):
        if error is not None:
            raise error
        click.echo(f"{len(audience.receivers)} receivers")

    return command


def run(error, *arguments):
    return failing(error).main([str(one) for one in arguments], standalone_mode=False)


def test_nobody_is_told_where_nobody_is_named(monkeypatch):
    monkeypatch.delenv("ASD_NOTIFY_URL", raising=False)
    assert audience_of([], None, None) is None


def test_an_option_wins_over_the_variable(monkeypatch):
    monkeypatch.setenv("ASD_NOTIFY_URL", f"{SECRET} {SECRET}2")
    assert len(audience_of([], None, None).receivers) == 2
    assert len(audience_of(["http://h/a"], None, "https://asd.example").receivers) == 1


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((["ftp://secret-word"], None, None), "--notify"),
        (([], "no-such-file.txt", None), "no-such-file.txt"),
        ((["http://h/a"], None, "javascript:secret"), "--notify-link"),
    ],
)
def test_what_cannot_be_is_wrong_usage(given, named):
    with pytest.raises(UsageError, match=named) as refused:
        audience_of(*given)
    assert "secret-word" not in str(refused.value)


def test_a_file_with_a_wrong_line_is_named_and_its_line_is_not_shown(tmp_path):
    (tmp_path / "receivers.txt").write_text("https://h/a\nsecret-word\n")
    with pytest.raises(UsageError, match=r"receivers\.txt") as refused:
        audience_of([], str(tmp_path / "receivers.txt"), None)
    assert "secret-word" not in str(refused.value)


def test_a_failure_is_told_and_raised_and_an_end_asked_for_is_not_told(tmp_path, capsys):
    with MessageReceiver() as receiver:
        arguments = ["--store", tmp_path / "store", "--recipe", "no-such", "--notify", receiver.url]
        assert run(None, *arguments) is None and "1 receivers" in capsys.readouterr().out
        for error in (KeyboardInterrupt(), click.Abort()):
            with pytest.raises(click.Abort):
                run(error, *arguments)
        assert run(click.exceptions.Exit(4), *arguments) == 4
        with pytest.raises(BusyError):
            run(BusyError("another run"), *arguments)
        assert receiver.taken == []
        with pytest.raises(AsdError, match="no archive"):
            run(AsdError("no archive"), *arguments)
    assert [body["kind"] for body in receiver.taken] == ["night_failed"] and receiver.taken[0]["key"] == ""


def test_a_receiver_that_fails_too_is_a_line(tmp_path, capsys):
    (tmp_path / "store").write_text("no folder")
    with MessageReceiver(lambda: "refused") as receiver, pytest.raises(AsdError):
        run(AsdError("x"), "--store", tmp_path / "store", "--notify", receiver.url)
    said = capsys.readouterr().err
    assert "could not be told: status 400" in said and "secret" not in said


def test_a_receiver_that_fails_is_a_line_of_json_where_lines_are(tmp_path, capsys):
    (tmp_path / "store").write_text("no folder")
    with MessageReceiver(lambda: "refused") as receiver, pytest.raises(AsdError):
        arguments = ["--store", str(tmp_path / "store"), "--notify", receiver.url]
        failing(AsdError("x")).main(arguments, standalone_mode=False, obj=RunLog("failing", as_json=True))
    line = json.loads(capsys.readouterr().err)
    assert line["level"] == "warning" and "could not be told: status 400" in line["message"]
