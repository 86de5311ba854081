import errno
import io
import signal
import subprocess
import sys
import threading

import click
import pytest

from asd_core.errors import AsdError, UsageError
from jobs.endings import end, hush_threads, keep_interrupts, tell, without_traceback
from tests.command import asd


class Remote(Exception):
    """A worker's error as Ray hands it over: hundreds of lines, with the cause beside them."""

    def __init__(self, cause):
        super().__init__("ray::map()\n" * 300)
        self.cause = cause


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (AsdError("the disk is gone"), 1, "Error: the disk is gone"),
        (UsageError("no such thing"), 2, "Error: no such thing"),
        (click.UsageError("no such\noption"), 2, "Error: no such option"),
        (KeyboardInterrupt(), 3, "Error: interrupted; the same command goes on from here"),
        (MemoryError(), 1, "Error: the memory is full"),
        (OSError(errno.ENOSPC, "No space left on device", "/a"), 1, "Error: No space left on device: /a; make room"),
        (OSError(errno.ENOENT, "No such file", b"/\xff"), 1, "Error: No such file: /\\udcff"),
        (ValueError("embedded null byte\nsecond line"), 1, "Error: unforeseen fault: ValueError: embedded null byte ("),
        (RecursionError("too deep"), 1, "Error: unforeseen fault: RecursionError: too deep"),
        (Remote(KeyError("x")), 1, "Error: unforeseen fault: KeyError: 'x' (outside of asd's own code)"),
        (OSError(), 1, "Error: unforeseen fault: OSError (outside"),
    ],
)
def test_every_end_is_one_line_and_an_exit_code(capsys, error, code, line):
    assert end(error, shows_traceback=False) == code
    said = capsys.readouterr().err
    assert said.startswith(line) and said.count("\n") == 1
    assert ("--traceback" in said) == ("unforeseen" in line)


def test_the_line_names_the_nearest_place_in_our_own_code(capsys):
    with pytest.raises(TypeError) as raised:
        tell(None)
    end(raised.value, shows_traceback=False)
    assert "(jobs/run_log.py:" in capsys.readouterr().err


def test_the_traceback_comes_before_the_line_where_it_is_asked_for(capsys, monkeypatch):
    nowhere = ("fit", "nowhere", "--store", "store", "--since", "2026-11-01")
    assert "Traceback" not in asd(*nowhere).err
    asked = asd("--traceback", *nowhere), asd(*nowhere, "--traceback")
    monkeypatch.setenv("ASD_DEBUG", "1")
    for said in (*asked, asd(*nowhere)):
        assert said.code == 2 and "Traceback" in said.err
        assert said.err.splitlines()[-1].startswith("Error: no such folder")


def test_what_stands_behind_two_dashes_is_no_option():
    assert without_traceback(["fit", "--", "--traceback"]) == (["fit", "--", "--traceback"], False)
    assert without_traceback(["fit", "--traceback", "--", "a"]) == (["fit", "--", "a"], True)


def test_a_value_of_megabytes_is_named_by_its_beginning_and_end(capsys):
    tell("no such folder: " + "x" * 10**6 + " (end)")
    said = capsys.readouterr().err
    assert len(said) < 2100 and "no such folder" in said and "(end)" in said


def test_a_fault_in_a_background_thread_is_one_line(capsys):
    before = threading.excepthook
    try:
        hush_threads()
        thread = threading.Thread(target=lambda: {}["key"])
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before
    said = capsys.readouterr().err
    assert said.startswith("Error: unforeseen fault: KeyError: 'key'") and said.count("\n") == 1


class Interrupted:
    """SIGTERM comes while Python runs a callback, from which nothing can be raised."""

    def __del__(self):
        signal.raise_signal(signal.SIGTERM)


def test_an_interrupt_that_python_had_to_ignore_is_raised_again():
    hook, handler = sys.unraisablehook, signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        keep_interrupts()
        with pytest.raises(KeyboardInterrupt):
            Interrupted()
            threading.Event().wait()
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGTERM, handler)


def test_a_reader_of_the_output_may_leave_and_a_full_disk_behind_it_is_told():
    command = [sys.executable, "-c", "from jobs.main import script; script()", "recipes"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 1 and done.stderr.startswith("Error: No space left on device")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as left:
        left.stdout.close()
        assert left.stderr.read() == "" and left.wait(120) == 1


def test_a_broken_pipe_ends_in_silence_on_a_stream_without_a_file_too(capsys):
    kept, sys.stdout = sys.stdout, io.StringIO()
    try:
        assert end(BrokenPipeError(errno.EPIPE, "Broken pipe"), shows_traceback=False) == 1
    finally:
        sys.stdout = kept
    assert capsys.readouterr().err == ""
