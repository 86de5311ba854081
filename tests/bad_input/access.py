"""Taking away what a test runs on: permissions that hold for root too, and room to write."""

import ctypes
import os
import resource
import subprocess
from contextlib import contextmanager

import pytest

_VERSION = 0x20080522  # of Linux's capability calls: two words each of effective, permitted and inheritable
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2


@contextmanager
def permissions_that_count():
    """Root reads and writes whatever it likes; this thread of it no longer does."""
    libc = ctypes.CDLL(None, use_errno=True)
    head, words = (ctypes.c_uint32 * 2)(_VERSION, 0), (ctypes.c_uint32 * 6)()
    if os.geteuid() != 0:
        yield
        return
    if libc.capget(head, words):
        pytest.skip("the kernel does not tell this process's capabilities")
    before = words[0]
    words[0] &= ~(1 << _DAC_OVERRIDE | 1 << _DAC_READ_SEARCH)
    if libc.capset(head, words):
        pytest.skip("root's capabilities cannot be laid down here")
    try:
        yield
    finally:
        words[0] = before
        libc.capset(head, words)


@contextmanager
def no_file_larger_than(size):
    """Writing beyond so many bytes of any file fails, as on a disk that is full."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def small_disk(folder, size):
    """A disk of so many bytes at a folder."""
    folder.mkdir(exist_ok=True)
    line = ["mount", "-t", "tmpfs", "-o", f"size={size}", "asd-test", str(folder)]
    try:
        done = subprocess.run(line, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)
