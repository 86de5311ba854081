"""Running `asd` as its script does, here or in a process of its own."""

import io
import json
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest

from jobs.main import main


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self):
        """The last line on stdout, which must be the only one."""
        (line,) = self.out.splitlines()
        return json.loads(line)


def asd(*arguments):
    """Run the command in this process as its script does."""
    out, err, argv, handler = io.StringIO(), io.StringIO(), sys.argv, signal.getsignal(signal.SIGTERM)
    sys.argv = ["asd", *map(str, arguments)]
    try:
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as exited:
            main()
    finally:
        sys.argv = argv
        signal.signal(signal.SIGTERM, handler)
    return Said(exited.value.code, out.getvalue(), err.getvalue())


def asd_process(*arguments, **environment):
    """Run the command in a process of its own, with these variables besides the environment's."""
    import os

    line = [sys.executable, "-c", "from jobs.main import main; main()", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, env=os.environ | environment)
    return Said(done.returncode, done.stdout, done.stderr)
