"""Runs the items one after the other, each in a process of its own, and collects what they found."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.gpu.items import Item, Say

BUDGET = 535.0  # seconds in all


@dataclass(frozen=True)
class Result:
    """One item's end.

    Attributes:
        item: its name.
        state: ``done``, ``skipped``, ``failed`` or ``too slow``.
        seconds: that it took.
        why: one line, where it is not done.
        figures: that it measured.
    """

    item: str
    state: str
    seconds: float
    why: str = ""
    figures: tuple[Figure, ...] = field(default_factory=tuple)


def missing(needs: Sequence[str]) -> list[str]:
    """The modules that are not installed."""
    return [name for name in needs if importlib.util.find_spec(name) is None]


def run_all(items: Mapping[str, Item], command: Sequence[str], say: Say, budget: float = BUDGET) -> list[Result]:
    """Run items, each under its limit and all of them under the budget.

    Args:
        items: by name.
        command: a program that runs one; it is given the item's name and a file for its figures.
        say: told how far it is.
        budget: seconds for all.
    """
    end = time.monotonic() + budget
    results = []
    for name, item in items.items():
        if lacking := missing(item.needs):
            results.append(Result(name, "skipped", 0.0, f"not installed: {', '.join(lacking)}"))
        elif (left := end - time.monotonic()) < 1:
            results.append(Result(name, "skipped", 0.0, f"no time left of {budget:.0f} s"))
        else:
            say(f"{name}: at most {min(item.seconds, left):.0f} s")
            results.append(run_one(name, command, min(item.seconds, left)))
        told = results[-1]
        say(f"{name}: {told.state} after {told.seconds:.0f} s{': ' + told.why if told.why else ''}")
    return results


def run_one(name: str, command: Sequence[str], seconds: float) -> Result:
    """Run an item; it and all its children end with its time."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="asd-gpu-") as folder:
        file, log = Path(folder) / "figures.json", Path(folder) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, name, str(file)], stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                code = process.wait(seconds)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                _end_group(process.pid)
                process.wait()
        taken = time.monotonic() - start
        if code is None:
            return Result(name, "too slow", taken, f"ended after {seconds:.0f} s")
        if code or not file.exists():
            return Result(name, "failed", taken, last_line(log.read_text(errors="replace")) or f"exit {code}")
        told = json.loads(file.read_text())
    figures = tuple(Figure(**{**one, "values": tuple(one["values"])}) for one in told["figures"])
    return Result(name, told["state"], taken, told["why"], figures)


def write_result(file: Path, state: str, why: str, figures: Sequence[Figure]) -> None:
    """Write what an item found where `run_one` looks for it."""
    file.write_text(json.dumps({"state": state, "why": why, "figures": [asdict(figure) for figure in figures]}))


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def report(results: Sequence[Result]) -> str:
    """All results as one table."""
    lines = ["| item | figure | median | least | most | target | |", "|---|---|---:|---:|---:|---|---|"]
    for result in results:
        if result.state != "done":
            lines.append(f"| {result.item} | {result.why} | | | | | {result.state} |")
        for figure in result.figures:
            name = figure.name + (f", {figure.unit}" if figure.unit else "")
            numbers = [f"{value:.3g}" for value in (figure.median, min(figure.values), max(figure.values))]
            lines.append("| " + " | ".join([result.item, name, *numbers, figure.target, figure.verdict]) + " |")
    return "\n".join(lines)


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def this_program(arguments: Sequence[str]) -> list[str]:
    """The command that runs one item in another process."""
    return [sys.executable, "-m", "tests.benchmarks.gpu", *arguments, "--item"]
