"""Examples in docstrings run and print what they say."""

import contextlib
import doctest
import importlib
from pathlib import Path

import pytest

from asd_core.synthesis.fleet import simulate_fleet
from tests.tree import module_name, sources

ROOT = Path(__file__).parent.parent
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def with_examples(root):
    """The modules of a tree that show a prompt."""
    return [module_name(root, path) for path in sources(root) if ">>> " in path.read_text()]


def failures(module, folder):
    """The report of a module's examples that fail, run where they may write; "" where none does."""
    report = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    tests = [test for test in doctest.DocTestFinder().find(module) if test.examples]
    assert tests, f"{module.__name__} shows >>> outside of its docstrings, where no test runs it"
    with contextlib.chdir(folder):
        for test in tests:
            runner.run(test, out=report.append)
    return "".join(report)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """A folder with ``recordings``: six nights of a fan and a pump, with labels."""
    folder = tmp_path_factory.mktemp("examples")
    simulate_fleet(str(folder / "recordings"), nights=6, machines_per_type=1, machine_types=("fan", "pump"), seconds=1)
    return folder


@pytest.mark.parametrize("name", with_examples(ROOT))
def test_the_examples_of_a_module_print_what_they_say(name, fleet):
    found = failures(importlib.import_module(name), fleet)
    assert not found, found


def module_of(source):
    module = type(doctest)("made_up")
    exec(compile(source, "made_up.py", "exec"), module.__dict__)
    return module


def test_an_example_that_prints_something_else_is_found(tmp_path):
    right = module_of('def twice(x):\n    """Double.\n\n    >>> twice(2)\n    4\n    """\n    return 2 * x\n')
    wrong = module_of('def twice(x):\n    """Double.\n\n    >>> twice(2)\n    5\n    """\n    return 2 * x\n')
    assert failures(right, tmp_path) == ""
    assert "Expected:\n    5\nGot:\n    4" in failures(wrong, tmp_path)


def test_an_example_writes_into_a_folder_of_its_own(tmp_path):
    source = '"""Writing.\n\n>>> from pathlib import Path\n>>> Path("made.txt").write_text("x")\n1\n"""\n'
    assert failures(module_of(source), tmp_path) == ""
    assert (tmp_path / "made.txt").exists()


def test_modules_with_a_prompt_are_found(tmp_path):
    for name, text in {"one": '"""One.\n\n>>> 1\n1\n"""', "two": '"""None."""'}.items():
        (tmp_path / "jobs").mkdir(exist_ok=True)
        (tmp_path / f"jobs/{name}.py").write_text(text)
    assert with_examples(tmp_path) == ["jobs.one"]
