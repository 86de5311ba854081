"""A file of metrics that outlives its runs: the textfile collector of Prometheus' node exporter reads it.

A run adds its counters to those that the file has, and replaces its gauges. Series of other commands and recipes stay,
so that one file may serve all of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from asd_core.errors import UsageError
from asd_core.metrics.recorder import Series
from asd_core.metrics.table import METRICS, RUN_LABELS
from asd_core.metrics.text import from_text, to_text


def read_metrics(path: Path) -> dict[Series, float]:
    """The series in a file; {} where there is none.

    Raises:
        UsageError: it is another file, or cannot be read.
    """
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"the file of metrics {path} is no regular file: name another")
        return from_text(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UsageError(f"{path} is no file of metrics of asd ({error}): name another, or remove it") from error
    except OSError as error:
        raise UsageError(f"the file of metrics {path} cannot be read: {error.strerror or error}") from error


def check_place(path: Path) -> None:
    """Refuse, before the work, a place where no file of metrics can be written; raises UsageError."""
    read_metrics(path)
    if not path.parent.is_dir():
        raise UsageError(f"the folder of the file of metrics {path} is not there: make it")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"the folder of the file of metrics {path} may not be written")


def add_to_file(path: Path, run: Mapping[Series, float]) -> None:
    """Put a run's metrics into a file, as a whole: a reader finds the old file or the new one.

    Args:
        path: of the file, in a folder that there is.
        run: series of one run, of which all have the same values of `RUN_LABELS`.

    Raises:
        UsageError: the file is another program's.
        OSError: it cannot be written.
    """
    with _alone(path.parent):
        text = to_text(merged(read_metrics(path), run))
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            temporary.write_text(text, "utf-8")
            temporary.chmod(0o644)  # the collector is another user
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def merged(before: Mapping[Series, float], run: Mapping[Series, float]) -> dict[Series, float]:
    """The series of a file, once a run has been added.

    A run without a KEY failed before its recipe was known; its series go once a run of the same recipe has one.
    """
    own = {labels[: len(RUN_LABELS)] for _, labels in run}
    keyless = {(*labels[:-1], (RUN_LABELS[-1], "")) for labels in own}
    kept = {series: value for series, value in before.items() if series[1][: len(RUN_LABELS)] not in keyless - own}
    for (name, labels), value in run.items():
        is_counter = METRICS[name].kind == "counter"
        kept[name, labels] = value + (kept.get((name, labels), 0.0) if is_counter else 0.0)
    return kept


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time change a file of a folder, where its file system has locks."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
