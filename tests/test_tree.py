"""The tree itself: floors, circles, sizes, where tests stand, and what no file may hold.

The lists hold what still breaks a rule, and why where it may. An entry that is needed no more fails its test.
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
    "asd_core/llm/batch/client.py": "test_captioner.py beside it drives it against a real server, fault by fault",
    "asd_core/pages/night/night.py": "records without behaviour: every test of the night's page makes them",
    "asd_core/runs/publish_search.py": "its parts have tests of their own, and runs/test_tune.py reads what it writes",
    "asd_core/store/files.py": "a protocol: the tests of local files and of files on S3 keep it",
    "cluster/caption_actor.py": "test_caption.py beside it asks it, kills it and starts it again on a real cluster",
}

# To be mended.
IMPORTS_TO_MEND = [
    "asd_core.llm.asking -> asd_core.captions.answers",
    "asd_core.llm.batch.captioner -> asd_core.captions.answers",
]
FOLDER_CIRCLES_TO_MEND = ["asd_core/captions <-> asd_core/llm", "asd_core/encoders <-> asd_core/encoders/clap"]
LONG_TO_MEND = """
    asd_core/captions/evidence.py asd_core/detectors/gmm.py asd_core/llm/batch/captioner.py asd_core/llm/client.py
    asd_core/recipe/recipe.py asd_core/runs/caption.py asd_core/runs/import_embeddings.py asd_core/store/store.py
    asd_core/tuning/gather/gather.py
"""
TESTS_TO_WRITE = """
    asd_core/captions/clip_tasks.py asd_core/captions/evidence.py asd_core/captions/rows.py
    asd_core/captions/selection.py asd_core/captions/sources.py asd_core/llm/batch/files.py
    asd_core/llm/batch/records.py asd_core/llm/inbox.py asd_core/pages/html.py asd_core/pages/scales.py
    asd_core/pages/search/curves.py asd_core/pages/search/heat_map.py asd_core/pages/search/parallel.py
    asd_core/pipeline/embed_missing.py asd_core/runs/embed.py asd_core/runs/fit.py
    asd_core/runs/score.py asd_core/store/addresses.py asd_core/tuning/batches.py
    asd_core/tuning/gather/machine_data.py asd_core/tuning/gather/needed.py asd_core/tuning/gather/parts.py
    asd_core/tuning/gather/stored.py asd_core/tuning/outcome.py asd_core/tuning/request.py
    asd_core/tuning/space/check.py asd_core/tuning/space/dimension.py asd_core/tuning/space/setting.py
    cluster/failures.py jobs/backfill_captions.py jobs/caption_options.py jobs/clips.py
    jobs/demo.py jobs/job.py jobs/options.py jobs/simulate.py
"""
TESTS_TO_MOVE = """
    tests/asd_core/pages/search/test_charts.py tests/asd_core/runs/test_runs.py
    tests/asd_core/tuning/gather/test_copies.py
"""
DOCSTRINGS_TO_MEND = """
    asd_core/audio/file_headers.py asd_core/audio/listening.py asd_core/audio/measures.py
    asd_core/captions/__init__.py asd_core/captions/answers.py asd_core/captions/evidence.py
    asd_core/captions/selection.py asd_core/captions/sources.py asd_core/clips/archive.py asd_core/clips/clip.py
    asd_core/clips/dcase.py asd_core/clips/fleet.py asd_core/clips/manifest.py asd_core/detectors/gmm.py
    asd_core/detectors/kmeans.py asd_core/detectors/memory_bank.py asd_core/detectors/protocol.py
    asd_core/detectors/soft_scoring.py asd_core/detectors/upsampling.py asd_core/detectors/whitening.py
    asd_core/encoders/build.py asd_core/encoders/clap/beam_search.py asd_core/encoders/clap/caption_decoder.py
    asd_core/encoders/clap/encoder.py asd_core/encoders/clap/weights.py asd_core/encoders/protocol.py
    asd_core/errors.py asd_core/evaluation/ground_truth.py asd_core/evaluation/objectives.py
    asd_core/evaluation/opinion_files.py asd_core/evaluation/opinion_scores.py
    asd_core/evaluation/opinion_violins.py asd_core/llm/asking.py asd_core/llm/batch/captioner.py
    asd_core/llm/batch/files.py asd_core/llm/batch/records.py asd_core/llm/client.py asd_core/llm/gate.py
    asd_core/llm/inbox.py asd_core/llm/jobs.py asd_core/llm/ledger.py asd_core/llm/limits.py
    asd_core/llm/requests.py asd_core/llm/settings.py asd_core/llm/verdicts.py asd_core/pages/html.py
    asd_core/pages/night/captions.py asd_core/pages/night/history_chart.py asd_core/pages/night/media.py
    asd_core/pages/night/night.py asd_core/pages/night/page.py asd_core/pages/night/summary.py
    asd_core/pages/scales.py asd_core/pages/search/page.py asd_core/pipeline/__init__.py
    asd_core/pipeline/embed_missing.py asd_core/pipeline/engine.py asd_core/pipeline/machine_tasks.py
    asd_core/pipeline/planning.py asd_core/pipeline/scorer.py asd_core/pipeline/scorer_files.py
    asd_core/pipeline/shards.py asd_core/recipe/recipe.py asd_core/runs/records.py asd_core/runs/report.py
    asd_core/runs/tune.py asd_core/store/__init__.py asd_core/store/addresses.py asd_core/store/files.py
    asd_core/store/locks.py asd_core/store/store.py asd_core/synthesis/anomalies.py
    asd_core/synthesis/fleet/archive.py asd_core/synthesis/fleet/fault_night.py asd_core/synthesis/fleet/faults.py
    asd_core/synthesis/fleet/machine.py asd_core/synthesis/severities.py asd_core/synthesis/validation.py
    asd_core/tuning/banks.py asd_core/tuning/batches.py asd_core/tuning/chosen.py asd_core/tuning/evaluating.py
    asd_core/tuning/gather/gather.py asd_core/tuning/gather/machine_data.py asd_core/tuning/gather/needed.py
    asd_core/tuning/gather/parts.py asd_core/tuning/gather/passes.py asd_core/tuning/outcome.py
    asd_core/tuning/request.py asd_core/tuning/results.py asd_core/tuning/search.py asd_core/tuning/space/check.py
    asd_core/tuning/space/proposals.py asd_core/tuning/space/setting.py asd_core/tuning/validations.py
    cluster/__init__.py cluster/caption_actor.py cluster/crashing_clips.py cluster/failures.py cluster/resources.py
    cluster/tune_search.py cluster/tune_trials.py jobs/backfill_captions.py jobs/console.py jobs/job.py jobs/main.py
    jobs/tune.py
"""
DOCUMENTS_TO_WRAP = """
    README.md docs/accuracy.md docs/architecture.md docs/bad-input.md docs/captions.md docs/first-shot.md
    docs/performance.md docs/tuning.md
"""


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


def holds(found, *lists):
    lines = unlisted(found, [name for listed in lists for name in listed])
    assert not lines, "\n".join(["", *lines])


def test_every_folder_and_lone_file_stands_on_a_floor():
    holds(tree.rooms_without_floor(ROOT))


def test_imports_run_to_the_same_floor_or_a_lower_one():
    holds(tree.imports_from_above(ROOT), IMPORTS_TO_MEND)


def test_no_files_import_one_another_in_a_circle():
    holds(tree.file_circles(ROOT))


def test_no_folders_import_one_another_in_a_circle():
    holds(tree.folder_circles(ROOT), FOLDER_CIRCLES_TO_MEND)


def test_files_are_short():
    holds(tree.long_files(ROOT), LONG, LONG_TO_MEND.split())


def test_every_source_file_has_a_test_file_at_its_place():
    holds(tree.sources_without_test(ROOT), UNTESTED, TESTS_TO_WRITE.split())


def test_every_test_file_of_the_core_has_a_source_file_at_its_place():
    holds(tree.tests_without_source(ROOT), TESTS_TO_MOVE.split())


def test_no_test_module_is_a_library():
    holds(tree.tests_used_as_libraries(ROOT))


def test_docstrings_name_the_thing_first():
    holds(tree.docstrings_that_begin_badly(ROOT), DOCSTRINGS_TO_MEND.split())


def test_lines_of_documents_fit_a_screen():
    holds(tree.documents_with_long_lines(ROOT), DOCUMENTS_TO_WRAP.split())


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
    found = tree.tests_used_as_libraries(made(tmp_path, files))
    assert list(found) == ["tests/jobs/builders.py", "tests/jobs/test_one.py"]


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
