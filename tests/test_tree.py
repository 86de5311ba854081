"""The tree itself: floors, circles, sizes, where tests stand, and what no file may hold.

The lists hold what may break a rule, and why. An entry that is needed no more fails its test.
"""

import ast
from pathlib import Path

import pytest

from tests import tree
from tests.tree import unlisted

ROOT = Path(__file__).parent.parent
ALLOWED = {"asd_core": {"asd_core"}, "cluster": {"cluster", "asd_core"}, "jobs": {"jobs", "cluster", "asd_core"}}
FOREIGN = {"asd_core": {"ray", "click"}, "cluster": {"click"}, "jobs": set()}
MODULES = tree.sources(ROOT)

# May stay, each for its reason.
LONG: dict[str, str] = {}
UNTESTED = {
    "asd_core/detectors/protocol.py": "a protocol: every detector's own test keeps it",
    "asd_core/runs/publish_search.py": "its parts have tests of their own, and runs/test_tune.py reads what it writes",
    "asd_core/store/files.py": "a protocol: the tests of local files and of files on S3 keep it",
    "cluster/caption_actor.py": "an actor needs Ray around it: test_caption.py drives it, kills it and counts",
}


def imported(path):
    """Top-level names of all that a module imports, also inside functions."""
    for node in tree.import_nodes(path.read_text()):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        else:
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


def holds(found, *lists):
    lines = unlisted(found, [name for listed in lists for name in listed])
    assert not lines, "\n".join(["", *lines])


def test_every_folder_and_lone_file_stands_on_a_floor():
    holds(tree.rooms_without_floor(ROOT))


def test_imports_run_to_the_same_floor_or_a_lower_one():
    holds(tree.imports_from_above(ROOT))


def test_no_files_import_one_another_in_a_circle():
    holds(tree.file_circles(ROOT))


def test_no_folders_import_one_another_in_a_circle():
    holds(tree.folder_circles(ROOT))


def test_files_are_short():
    holds(tree.long_files(ROOT), LONG)


def test_every_source_file_has_a_test_file_at_its_place():
    holds(tree.sources_without_test(ROOT), UNTESTED)


def test_every_test_file_of_the_core_has_a_source_file_at_its_place():
    holds(tree.tests_without_source(ROOT))


def test_no_test_module_is_a_library():
    holds(tree.tests_used_as_libraries(ROOT))


def test_docstrings_name_the_thing_first():
    holds(tree.docstrings_that_begin_badly(ROOT))


def test_lines_of_documents_fit_a_screen():
    holds(tree.documents_with_long_lines(ROOT))


def made(root, files):
    """A tree of these files."""
    for package in tree.PACKAGES:
        (root / package).mkdir()
    (root / "README.md").write_text("A short line.\n")
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    "line",
    [
        "from asd_core.tuning.search import run",
        "from asd_core.tuning import search",
        "import asd_core.tuning.search",
        "from ..tuning.search import run",
        "def late():\n    from asd_core.tuning import search",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from asd_core.tuning.search import run",
    ],
)
def test_an_import_from_a_higher_floor_is_found_wherever_it_stands(tmp_path, line):
    root = made(tmp_path, {"asd_core/recipe/recipe.py": line, "asd_core/tuning/search.py": ""})
    (name,) = tree.imports_from_above(root)
    assert name == "asd_core.recipe.recipe -> asd_core.tuning.search"


def test_a_new_folder_is_told_where_to_be_placed(tmp_path):
    found = tree.rooms_without_floor(made(tmp_path, {"asd_core/store/store.py": "", "asd_core/cellar/wine.py": ""}))
    assert found == {"cellar": "cellar stands on no floor: add it to FLOORS in tests/tree.py"}


def test_a_circle_of_files_is_found_within_a_folder(tmp_path):
    root = made(
        tmp_path,
        {
            "asd_core/store/one.py": "from asd_core.store.two import x",
            "asd_core/store/two.py": "def late():\n    from asd_core.store import three",
            "asd_core/store/three.py": "import asd_core.store.one",
            "asd_core/store/four.py": "from asd_core.store import one",
        },
    )
    assert list(tree.file_circles(root)) == ["asd_core.store.one <-> asd_core.store.three <-> asd_core.store.two"]
    assert tree.folder_circles(root) == {}


def test_a_circle_of_folders_is_found_where_no_files_circle(tmp_path):
    root = made(
        tmp_path,
        {
            "asd_core/audio/decoding.py": "from asd_core.clips.clip import Clip",
            "asd_core/clips/clip.py": "",
            "asd_core/clips/manifest.py": "from asd_core.audio import spectrogram",
            "asd_core/audio/spectrogram.py": "",
        },
    )
    assert tree.file_circles(root) == {}
    (line,) = tree.folder_circles(root).values()
    assert "asd_core.audio.decoding imports asd_core.clips.clip; asd_core.clips.manifest imports" in line


def test_a_source_file_and_its_test_miss_each_other(tmp_path):
    root = made(
        tmp_path,
        {
            "asd_core/store/locks.py": "",
            "asd_core/store/__init__.py": "",
            "cluster/session.py": "",
            "tests/cluster/test_session.py": "",
            "tests/asd_core/store/test_lock.py": "",
            "tests/asd_core/store/test_locks_of_two.py": "",
        },
    )
    (untested,) = tree.sources_without_test(root).values()
    assert "write tests/asd_core/store/test_locks.py" in untested
    assert list(tree.tests_without_source(root)) == ["tests/asd_core/store/test_lock.py"]


def test_an_import_from_a_test_module_is_found(tmp_path):
    files = {
        "tests/jobs/test_one.py": "from tests.jobs.test_two import builder",
        "tests/jobs/test_two.py": "from tests.jobs.builders import builder",
        "tests/jobs/builders.py": "def late():\n    from tests.jobs import test_two",
    }
    assert list(tree.tests_used_as_libraries(made(tmp_path, files))) == [
        "tests/jobs/builders.py",
        "tests/jobs/test_one.py",
    ]


def test_long_files_bad_docstrings_and_long_lines_are_found(tmp_path):
    root = made(tmp_path, {"jobs/long.py": "x = 1\n" * 251, "jobs/fits.py": "x = 1\n" * 250})
    assert list(tree.long_files(root)) == ["jobs/long.py"]
    (root / "jobs/fits.py").write_text('class A:\n    """A class."""\n\n    def b(self):\n        """Of a class."""\n')
    assert list(tree.docstrings_that_begin_badly(root)) == ["jobs/fits.py"]
    (root / "README.md").write_text(f"{'x' * 120}\n| {'x' * 120} |\n{'x' * 121}\n")
    assert tree.documents_with_long_lines(root)["README.md"].endswith("the lines 3")


def test_a_list_of_exceptions_hides_what_it_names_and_shows_what_it_need_not():
    assert unlisted({"a": "mend a", "b": "mend b"}, ["b", "c"]) == [
        "mend a",
        "c breaks this rule no more: take it out of the list of exceptions",
    ]
