"""The clock and the disk that chaos gives to commands."""

import os
import shutil
import subprocess
import sys
import time

import pytest

from tests.chaos.disturbed import Disturbed

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
_SCRIPT = """
import sys, time, datetime
from pathlib import Path
print(time.time(), datetime.datetime.now().timestamp(), time.monotonic())
Path(sys.argv[1], "outside").write_text("written")
try:
    Path(sys.argv[1], "disk", "inside").write_text("written")
except OSError as error:
    print(error.errno)
"""


def lines_of(disturbed, folder):
    line = [sys.executable, "-S", "-c", _SCRIPT, str(folder)]
    return subprocess.check_output(line, env=os.environ | disturbed.environment, text=True).splitlines()


def test_a_clock_jumps_but_for_the_monotonic_one_and_a_full_disk_takes_nothing(tmp_path):
    (tmp_path / "disk").mkdir()
    disturbed = Disturbed(tmp_path, tmp_path / "disk")
    disturbed.jump(-3600)
    (clocks,) = lines_of(disturbed, tmp_path)
    wall, dated, monotonic = map(float, clocks.split())
    assert wall == pytest.approx(time.time() - 3600, abs=60) and dated == pytest.approx(wall, abs=1)
    assert monotonic == pytest.approx(time.monotonic(), abs=60)
    disturbed.fill()
    assert lines_of(disturbed, tmp_path)[1:] == ["28"]  # no space left on the device
    disturbed.fill(False)
    assert len(lines_of(disturbed, tmp_path)) == 1
