"""Some weeks of a small fleet: after a prune every run opens, no link is dead, and all work goes on.

`python -m tests.many_nights.year` does the same for a year of 200 machines.
"""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from asd_core.runs.pruning.kinds import BY_NAME, USUAL
from asd_core.runs.pruning.prune import find_prunable, prune
from asd_core.store.store import open_store
from tests.command import asd, asd_process
from tests.many_nights.plant import KEY, day
from tests.many_nights.pruned import dead_links, missing
from tests.many_nights.year_files import older_than, plant_year, write_archive

MACHINES, NIGHTS, KEPT_FROM = 4, 20, 12
OPTIONS = ("--recipe", "twfr-knn", "--store")
AGE_OF_ALL = datetime.now(UTC) - datetime.fromisoformat(f"{day(0)}T00:00:00+00:00")
SPACE = '"detector.k" = { grid = [1, 2] }\n'


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The store after a prune by the command, with what there was before; the archive has one more night."""
    root = tmp_path_factory.mktemp("year")
    folder = plant_year(root, MACHINES, NIGHTS)
    assert asd("report", *OPTIONS, folder).code == 0
    write_archive(root, MACHINES, day(NIGHTS))
    return root


@pytest.fixture(scope="module")
def pruned(root):
    folder = root / "store"
    before = {info.path: info.size for info in open_store(str(folder)).files.list()}
    command = ("prune", "--store", folder, "--older-than", older_than(day(KEPT_FROM)))
    dry = asd(*command, "--dry-run", "--json").json
    assert before == {info.path: info.size for info in open_store(str(folder)).files.list()}
    done = asd(*command, "--yes", "--json").json
    assert done["kinds"] == dry["kinds"] and all(one["things"] for one in dry["kinds"].values())
    return open_store(str(folder)), before, done


def test_reports_of_old_nights_go_and_no_page_has_a_dead_link(pruned):
    store, before, done = pruned
    assert done["kinds"]["reports"]["things"] == KEPT_FROM and dead_links(store.files) == []
    pages = {info.path for info in store.files.list("reports") if info.path.endswith("index.html")}
    assert len(pages) == NIGHTS - KEPT_FROM + 1


def test_only_scorers_that_fits_alone_name_are_missing_from_the_records(pruned):
    store, before, done = pruned
    gone = missing(store)
    assert {job for job, _ in gone} == {"fit"} and all(path.endswith("scorer.json") for _, path in gone)
    used = {f"{place}/{version}" for run in store.runs("nightly") for place, version in run["scorers"].items()}
    assert not {path.rpartition("/")[0] for _, path in gone} & used
    assert done["superseded_kept"] > 0


def test_runs_scores_alarms_labels_and_captions_stay(pruned):
    store, before, _ = pruned
    after = {info.path for info in store.files.list()}
    assert {path.split("/")[0] for path in before.keys() - after} == {
        "reports",
        "scorers",
        "score_parts",
        "trained",
        "tuning",
    }
    assert len(store.labels()) == 3 and len(store.scored_dates(KEY)) == NIGHTS


def test_a_second_prune_finds_nothing_and_its_own_run_is_listed(pruned, root):
    again = asd("prune", "--store", root / "store", "--older-than", older_than(day(KEPT_FROM)), "--yes")
    assert again.out.endswith("nothing is removed\n")
    (run,) = asd("runs", "--store", root / "store", "--job", "prune", "--json").json["runs"]
    assert (run["run_id"], run["counts"]["files"]) == (pruned[2]["run_id"], pruned[2]["files"])


def test_every_run_opens_and_so_does_every_night(pruned, root):
    for entry in pruned[0].entries()[::7]:
        assert asd("runs", "show", entry.run_id, "--store", root / "store").code == 0
    assert asd("report", *OPTIONS, root / "store", "--date", day(0)).code == 0
    assert dead_links(pruned[0].files) == []


def test_a_night_and_its_captions_go_on(pruned, root):
    night = asd("nightly", root / "archive", *OPTIONS, root / "store", "--local", "--json")
    assert night.code == 0 and night.json["scored"] == 2 * MACHINES, night.err
    assert asd("caption", *OPTIONS, root / "store", "--local").code == 0
    assert dead_links(pruned[0].files) == []


@pytest.mark.slow
def test_prunes_beside_a_night_harm_neither(root, tmp_path):
    folder = tmp_path / "store"
    shutil.copytree(root / "store", folder)
    with ThreadPoolExecutor(1) as pool:
        night = pool.submit(asd_process, "nightly", root / "archive", *OPTIONS, folder, "--local", "--json")
        number = 0
        while not night.done():
            number += 1
            store = open_store(str(folder))
            prune(store, find_prunable(store, AGE_OF_ALL - timedelta(days=number % NIGHTS)))
            assert dead_links(store.files) == []
    assert night.result().code == 0 and night.result().json["scored"] == 2 * MACHINES, night.result().err
    assert number > 1 and dead_links(open_store(str(folder)).files) == []
    assert {job for job, _ in missing(open_store(str(folder)))} <= {"fit"}


@pytest.mark.slow
def test_a_search_goes_on(pruned, root):
    (root / "space.toml").write_text(SPACE)
    search = ("--space", root / "space.toml", "--validation", "simulated", "--until", day(0))
    found = asd("tune", root / "archive", *OPTIONS, root / "store", "--local", *search, "--json")
    assert found.code == 0 and found.json["evaluated"] == 2 * MACHINES, found.err


def test_embeddings_and_measurements_go_where_they_are_named_and_a_night_goes_on(pruned, root):
    command = ("prune", "--store", root / "store", "--older-than", older_than(day(NIGHTS)))
    done = asd(*command, "--what", "embeddings,caption-evidence", "--what", "media", "--yes", "--json").json
    assert set(done["kinds"]) == set(BY_NAME) and not set(done["kinds"]) & set(USUAL)
    assert done["kinds"]["caption-evidence"]["things"] and dead_links(pruned[0].files) == []
    again = asd("nightly", root / "archive", *OPTIONS, root / "store", "--local", "--json")
    assert again.code == 0 and again.json["decoded"] == 0, again.err
