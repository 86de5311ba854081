"""How a command ends that does not end well: one line on stderr and an exit code.

A fault that nobody foresaw is one line too. ``--traceback`` shows where it arose.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import TextIO

import click

from asd_core.errors import AsdError
from jobs.defaults import naming_file
from jobs.run_log import RunLog, printable

TRACEBACK = "--traceback"
_GOES_ON = "the same command goes on from here"
_MOST_CHARACTERS = 2000  # of a line: a value of megabytes is named by its beginning
_OWN_FOLDERS = ("asd_core", "cluster", "jobs")


def without_traceback(arguments: Sequence[str]) -> tuple[list[str], bool]:
    """The arguments without ``--traceback``, which may stand anywhere before a ``--``, and True where it stood."""
    place = list(arguments).index("--") if "--" in arguments else len(arguments)
    before = [word for word in arguments[:place] if word != TRACEBACK]
    return [*before, *arguments[place:]], len(before) < place


def prepare_streams() -> None:
    """Make stdout and stderr take every character, and anything at all where they are closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # open until the process ends
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def hush_threads(log: RunLog | None = None) -> None:
    """Make an unforeseen fault of a background thread one line too.

    Args:
        log: of the run.
    """

    def one_line(fault: threading.ExceptHookArgs) -> None:
        if fault.exc_value is not None and not isinstance(fault.exc_value, SystemExit):
            tell(_unforeseen(fault.exc_value), log)

    threading.excepthook = one_line


def keep_interrupts() -> None:
    """Raise Ctrl-C and SIGTERM again where Python ignored them: in a callback of its own, as imports have.

    The command would go on otherwise, as if nobody had asked it to stop.
    """
    others = sys.unraisablehook

    def again(ignored: sys.UnraisableHookArgs) -> None:
        if isinstance(ignored.exc_value, KeyboardInterrupt):
            # A moment later: raised here, it would be ignored once more. A real signal, which ends a wait too.
            later = threading.Timer(0.02, signal.pthread_kill, [threading.main_thread().ident, signal.SIGTERM])
            later.daemon = True
            later.start()
        else:
            others(ignored)

    sys.unraisablehook = again


def end(error: BaseException, *, shows_traceback: bool, log: RunLog | None = None) -> int:
    """Say in one line why a command ends, and return its exit code.

    Args:
        error: of the command.
        shows_traceback: print the traceback before the line.
        log: of the run; None is one for people.
    """
    if isinstance(error, BrokenPipeError) and error.filename is None:
        # Whoever read the output has gone, as `head` does: what is still to be written goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), _descriptor(sys.stdout))
        return 1
    if shows_traceback and log is not None and log.as_json:
        log.write("debug", "traceback", traceback="".join(traceback.format_exception(error)))
    elif shows_traceback:
        traceback.print_exception(error)
    if isinstance(error, click.ClickException):
        _tell_usage(naming_file(error), log)
        return error.exit_code
    message, code = line_of(error)
    tell(message, log)
    return code


def tell(message: str, log: RunLog | None = None) -> None:
    """Print an error's line on stderr."""
    shown = printable(message)
    if len(shown) > _MOST_CHARACTERS:
        kept = _MOST_CHARACTERS // 2
        shown = f"{shown[:kept]} ... {shown[-kept:]}"
    if log is not None and log.as_json:
        log.write("error", shown)
        return
    click.echo(click.style("Error: ", fg="red", bold=True) + shown, err=True)


def line_of(error: BaseException) -> tuple[str, int]:
    """The line that a command ends with, and its exit code."""
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return f"interrupted; {_GOES_ON}", 3
    if isinstance(error, AsdError):
        return str(error), error.exit_code
    if isinstance(error, MemoryError):
        return f"the memory is full; close other programs, or take fewer --workers; {_GOES_ON}", 1
    if isinstance(error, OSError) and (error.strerror or error.args):
        return _line_of_system(error), 1
    if isinstance(error, RuntimeError):
        from asd_core.encoders.cuda_errors import is_device_failure, is_out_of_memory

        if is_device_failure(error) or is_out_of_memory(error):
            what = "has no memory left" if is_out_of_memory(error) else "failed"
            return f"the GPU {what}: {str(error).splitlines()[0]}; {_GOES_ON}", 1
    return _unforeseen(error), 1


def _line_of_system(error: OSError) -> str:
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    where = f": {name}" if name else ""
    mend = f"; make room, and {_GOES_ON}" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return f"{error.strerror or error}{where}{mend}"


def _unforeseen(error: BaseException) -> str:
    inner = _innermost(error)
    words = str(inner).strip().splitlines()
    what = f"{type(inner).__name__}: {words[0]}" if words else type(inner).__name__
    return f"unforeseen fault: {what} ({_place_of(error)}); run the same command again with {TRACEBACK} to see more"


def _innermost(error: BaseException) -> BaseException:
    """The cause that Ray keeps of a worker's error, else the error itself."""
    cause = getattr(error, "cause", None)
    return _innermost(cause) if isinstance(cause, BaseException) and cause is not error else error


def _place_of(error: BaseException) -> str:
    """File and line of our own code that is nearest to a fault."""
    place = "outside of asd's own code"
    at = error.__traceback__
    while at is not None:
        parts = at.tb_frame.f_code.co_filename.split(os.sep)
        own = next((parts[i:] for i, part in enumerate(parts) if part in _OWN_FOLDERS), None)
        if own is not None:
            place = f"{'/'.join(own)}:{at.tb_lineno}"
        at = at.tb_next
    return place


def _tell_usage(error: click.ClickException, log: RunLog | None) -> None:
    """The usage of a command, where it is known, and the line of its error."""
    if isinstance(error, click.UsageError) and error.ctx is not None and (log is None or not log.as_json):
        click.echo(" ".join(error.ctx.get_usage().split()), err=True)
    tell(" ".join(error.format_message().split("\n")), log)


def _descriptor(stream: TextIO) -> int:
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):  # a stream without a file, as in a test
        return os.open(os.devnull, os.O_WRONLY)
