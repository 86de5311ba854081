"""Processes whose wall clock jumps and whose disk fills, by a small library that is loaded before the C library."""

import os
import struct
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("faults.c")


class Disturbed:
    """A clock and a disk that commands see, until they are set otherwise.

    Args:
        folder: for the library and the page that commands read.
        disk: no file below it can be written while the disk is full.

    Raises:
        OSError, CalledProcessError: there is no C compiler.
    """

    def __init__(self, folder, disk):
        library, self._page = Path(folder) / "faults.so", Path(folder) / "page"
        if not library.exists():
            subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, _SOURCE, "-ldl"], check=True)
        self._seconds = self._full = 0.0
        self._write()
        self.environment = {
            "LD_PRELOAD": str(library),
            "CHAOS_PAGE": str(self._page),
            "CHAOS_DISK": os.path.realpath(disk),
        }

    def jump(self, seconds):
        """Set the wall clock so many whole seconds ahead of the real one."""
        self._seconds = float(seconds)
        self._write()

    def fill(self, is_full=True):
        """Fill the disk, or make room again."""
        self._full = float(is_full)
        self._write()

    def _write(self):
        with self._page.open("r+b" if self._page.exists() else "w+b") as page:
            page.write(struct.pack("dd", self._seconds, self._full))
