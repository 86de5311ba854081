"""Lines on stderr as JSON: one object a line, for programs that collect logs.

A name cannot break a line: JSON escapes what ends one, and control characters are shown as escapes before.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import click

from jobs.options import LOG_FORMAT, LOG_FORMAT_VARIABLE

Level = Literal["debug", "info", "warning", "error"]


class RunLog:
    """The log of one run of a command.

    Args:
        command: that runs; the first word that is none of the options.
        as_json: lines are JSON; else nothing is written here, and lines are for people.

    Attributes:
        run: the run's own id: when it began and four random bytes. The id of its record, which is made of what it
            worked on, comes with its last line as ``run_id``.
        key: the KEY of the recipe; "" until it is known.
        ray_job: Ray's id of the run, which is in the names of its workers' log files; "" without Ray.
    """

    def __init__(self, command: str = "", *, as_json: bool = False) -> None:
        self.as_json, self.command = as_json, command
        self.run = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        self.key = self.ray_job = ""

    def line(self, level: Level, message: str, **more: Any) -> str:
        """One line of JSON, without its end."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = {"time": at, "level": level, "run": self.run, "command": printable(self.command), "key": self.key}
        if self.ray_job:
            fields["ray_job"] = self.ray_job
        return json.dumps(fields | {"message": printable(message)} | more)

    def write(self, level: Level, message: str, **more: Any) -> None:
        """Write a line, where lines are JSON."""
        if self.as_json:
            click.echo(self.line(level, message, **more), err=True)


def log_of(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> RunLog:
    """The log of a command line, before the command itself looks at it: its errors are lines too."""
    chosen = environ.get(LOG_FORMAT_VARIABLE, "")
    before = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    for place, word in enumerate(before):
        if word == LOG_FORMAT:
            chosen = next(iter(before[place + 1 :]), "")
        elif word.startswith(f"{LOG_FORMAT}="):
            chosen = word.partition("=")[2]
    command = next((word for word in before if not word.startswith("-")), "")
    return RunLog(command, as_json=chosen == "json")


def remark(line: str) -> None:
    """Say a note on stderr outside of a command's `jobs.console.Talk`: as a line of JSON where lines are."""
    log = current_log()
    if log.as_json:
        log.write("warning", line)
    else:
        click.echo(printable(line), err=True)


def current_log() -> RunLog:
    """The log of the command that runs; one for people where none does."""
    context = click.get_current_context(silent=True)
    return (context.find_object(RunLog) if context is not None else None) or RunLog()


def printable(text: str, *, keep_newlines: bool = False) -> str:
    """Text with control characters (a file name's newline, a terminal's escape codes) shown as escapes."""
    kept = "\n" if keep_newlines else ""
    shown = "".join(
        character if character.isprintable() or character in kept else character.encode("unicode_escape").decode()
        for character in text
    )
    return shown.encode("utf-8", "backslashreplace").decode()


class LibraryLines(logging.Handler):
    """Writes what libraries log, from warnings on, and Python's warnings as lines of JSON."""

    def __init__(self, log: RunLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        level: Level = "error" if record.levelno >= logging.ERROR else "warning"
        self._log.write(level, " ".join(record.getMessage().split()), logger=record.name)

    def open(self) -> None:
        """Begin."""
        logging.getLogger().addHandler(self)
        logging.captureWarnings(True)

    def close(self) -> None:
        """End."""
        logging.captureWarnings(False)
        logging.getLogger().removeHandler(self)
        super().close()
