"""The tree itself: the direction of imports, and what no file may hold."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED = {"asd_core": {"asd_core"}, "cluster": {"cluster", "asd_core"}, "jobs": {"jobs", "cluster", "asd_core"}}
FOREIGN = {"asd_core": {"ray", "click"}, "cluster": {"click"}, "jobs": set()}
MODULES = sorted(path for package in ALLOWED for path in (ROOT / package).rglob("*.py"))


def imported(path):
    """Top-level names of all that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_from_jobs_to_cluster_to_asd_core_and_never_back(path):
    package = path.relative_to(ROOT).parts[0]
    names = set(imported(path))
    assert names & set(ALLOWED) <= ALLOWED[package]
    assert not names & FOREIGN[package]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_could_run_code_is_loaded(path):
    names = set(imported(path))
    assert not names & {"pickle", "cPickle", "dill", "shelve", "marshal", "joblib", "cloudpickle"}
    assert "allow_pickle=True" not in path.read_text()


def test_no_module_is_a_drawer_for_everything():
    drawers = {"utils", "util", "common", "base", "helpers", "misc"}
    assert not [path for path in MODULES if path.stem in drawers or path.parent.name in drawers]
