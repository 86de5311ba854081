"""The examples of docstrings run as they stand, in a folder with a small simulated fleet."""

import doctest
import importlib
from pathlib import Path

import pytest

from asd_core.synthesis.fleet import simulate_fleet

ROOT = Path(__file__).parent.parent
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in ("asd_core", "cluster", "jobs")
    for path in sorted((ROOT / package).rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """A folder with ``recordings``: six nights of a fan and a pump, with labels."""
    folder = tmp_path_factory.mktemp("examples")
    simulate_fleet(
        str(folder / "recordings"), nights=6, machines_per_type=1, machine_types=("fan", "pump"), seconds=1.0
    )
    return folder


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_module_give_what_they_say(name, fleet, monkeypatch):
    monkeypatch.chdir(fleet)
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.attempted and not result.failed
