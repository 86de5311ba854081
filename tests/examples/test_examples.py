"""Every example runs as it stands, from a folder with a small simulated fleet."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from asd_core.synthesis.fleet import simulate_fleet

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# As `asd` does it: threads of Arrow now and then abort a process that has done all its work, while it ends.
RUN = "import os, runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__'); sys.stdout.flush(); os._exit(0)"
LAST_WORDS = {"night": "impulses", "own_encoder": "is_flagged", "own_detector": "is_flagged", "queries": "flagged"}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    simulate_fleet(str(folder / "recordings"), nights=6, machines_per_type=1, machine_types=("fan", "pump"), seconds=2)
    return folder


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_shows_what_it_promises(path, fleet):
    around = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(path.parent)])}
    done = subprocess.run(
        [sys.executable, "-c", RUN, path], cwd=fleet, env=around, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert LAST_WORDS[path.stem] in done.stdout


def test_the_page_of_examples_names_each():
    page = (ROOT / "examples" / "README.md").read_text()
    assert all(f"`{path.name}`" in page for path in EXAMPLES) and LAST_WORDS.keys() == {path.stem for path in EXAMPLES}
