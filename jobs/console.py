"""Output of a command: progress and remarks on stderr, its summary or one JSON line on stdout.

With ``--log-format json`` each line on stderr is one JSON object.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from jobs.run_log import LibraryLines, current_log
from jobs.run_log import printable as printable

_PLAIN_SECONDS = 10.0  # between two plain progress lines of a stage: a log of a night stays readable


class Talk:
    """How a command talks; a context manager, so that a bar under way is closed before anything else is printed.

    Attributes:
        log: of the run, where lines are JSON.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.log = current_log()
        self._console = Console(stderr=True, highlight=False)
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._last: dict[str, float] = {}
        self._stdout: int | None = None
        self._library_lines = LibraryLines(self.log) if self.log.as_json else None

    def __enter__(self) -> Self:
        """Open a progress display on a terminal, and keep what libraries print from stdout."""
        self._stdout = _keep_stdout()
        if self._library_lines is not None:
            self._library_lines.open()
        elif self._console.is_terminal and not self.quiet:
            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Close it, and give stdout back."""
        self._stop_bars()
        if self._library_lines is not None:
            self._library_lines.close()
        if self._stdout is not None:
            _to_stdout(self._stdout)
            os.close(self._stdout)
            self._stdout = None

    def _stop_bars(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def say(self, line: str) -> None:
        """A remark, on stderr unless quiet."""
        if self.quiet:
            return
        if self.log.as_json:
            self.log.write("warning" if line.startswith("note: ") else "info", line)
        else:
            self._console.print(printable(line), markup=False, soft_wrap=True)

    def waiting(self, work: str) -> Callable[[str], None]:
        """Say who is waited for, and at which work."""
        return lambda holder: self.say(f"waiting for {holder}, which is at {work}")

    def progress(self, stage: str, done: int, total: int) -> None:
        """Progress of a stage: a bar on a terminal, otherwise a plain line now and then."""
        if self.quiet:
            return
        if self._bars is not None:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=total)
            self._bars.update(self._tasks[stage], completed=done, total=total)
        elif done >= total or time.monotonic() - self._last.get(stage, -_PLAIN_SECONDS) >= _PLAIN_SECONDS:
            self._last[stage] = time.monotonic()
            line = f"{stage}: {done} of {total}"
            if self.log.as_json:
                self.log.write("info", line, stage=stage, done=done, total=total)
            else:
                self._console.print(line, markup=False)

    def result(self, summary: Mapping[str, Any], text: str) -> None:
        """The summary of a command, on stdout: text, or one line of JSON."""
        self._stop_bars()
        if not self.quiet:
            self.log.write("info", text.partition("\n")[0], run_id=summary.get("run_id"))
        sys.stdout.flush()
        if self._stdout is not None:
            _to_stdout(self._stdout)
        click.echo(json.dumps(summary) if self.as_json else printable(text, keep_newlines=True))
        sys.stdout.flush()
        if self._stdout is not None:
            os.dup2(2, 1)


def _keep_stdout() -> int | None:
    """Send to stderr what anything but `Talk.result` prints on stdout; a copy of stdout, None where it is no file.

    Libraries in C print past Python, here and in worker processes: decoders their remarks on broken recordings.
    """
    try:
        if sys.stdout.fileno() != 1:
            return None
        sys.stdout.flush()
        kept = os.dup(1)
        os.dup2(2, 1)
    except (OSError, ValueError, AttributeError):
        return None
    return kept


def _to_stdout(kept: int) -> None:
    """Make stdout the file it was, after what C libraries hold back has gone where they printed it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).fflush(None)
    os.dup2(kept, 1)


def report_text(address: str) -> str:
    """The address of a report, and how it is read where no browser opens it."""
    folder = address.rpartition("/")[0]
    how = f"\n  to read it here: aws s3 cp --recursive '{folder}' report" if address.startswith("s3://") else ""
    return f"report: {address}{how}"


def counts_text(counts: Mapping[str, Any]) -> str:
    """The counts of a run in one line, errors by reason behind it."""
    words = ("listed", "decoded", "embedded", "scored", "errors", "flagged", "warnings")
    line = ", ".join(f"{word} {counts[word]}" for word in words if word in counts)
    reasons = counts.get("errors_by_reason", {})
    return line + "".join(f"\n  {count} {reason}" for reason, count in reasons.items())


def too_few_text(machines: Mapping[str, str]) -> list[str]:
    """A line on machines with too few normals to decide on their clips; no line without such a machine."""
    if not machines:
        return []
    name, why = next(iter(machines.items()))
    more = f" ({len(machines) - 1} more machine{'s' * (len(machines) > 2)} likewise)" if len(machines) > 1 else ""
    return [f"{name}{more}: {why}"]
