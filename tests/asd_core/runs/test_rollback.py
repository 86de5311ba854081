"""A rollback restores yesterday's scores to the bit, and does no harm where it is killed or done twice."""

import shutil

import pytest

from asd_core.errors import AsdError, UsageError
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.scorer_history import all_versions
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.runs.alarms import find_alarms
from asd_core.runs.fit import fit
from asd_core.runs.rollback import rollback
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store, open_store
from tests.fleet import KNN, listed, write_fleet

DATES = [f"2026-11-{day:02d}" for day in range(1, 10)]
FIRST, SECOND, NIGHT = DATES[5], DATES[7], DATES[8]
KEY = KNN.key()


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """Three fans that learnt six nights, scored one, and learnt two more since."""
    root = tmp_path_factory.mktemp("rollback")
    archive = write_fleet(root / "archive", ("00", "01", "02"), DATES, clips=3)
    store = Store(LocalFiles(root / "store"))
    fit(store, KNN, listed(archive, until=FIRST), LocalEngine())
    score(store, KNN, listed(archive, date=NIGHT), LocalEngine(), job="nightly")
    find_alarms(store, KNN, [NIGHT])
    fit(store, KNN, listed(archive, until=SECOND), LocalEngine())
    return archive, store


@pytest.fixture
def copied(plant, tmp_path):
    shutil.copytree(plant[1].files.root, tmp_path / "store")
    return plant[0], Store(LocalFiles(tmp_path / "store"))


def night(store):
    """Scores and alarms of the night without the numbers of scorer versions, whose hashes stay."""
    found = [*store.scores(KEY, NIGHT).to_pylist(), *find_alarms(store, KNN, [NIGHT])[NIGHT].to_pylist()]
    return [row | {"scorer_version": row["scorer_version"][-8:]} for row in found]


def rescored(archive, store):
    return score(store, KNN, listed(archive, date=NIGHT), LocalEngine(), job="nightly")


def test_scores_and_alarms_after_a_rollback_are_those_of_before_to_the_bit(copied):
    archive, store = copied
    first = night(store)
    rescored(archive, store)
    assert night(store) != first
    record, done = rollback(store, KNN)
    assert [one.version[:7] for one in done] == ["v000003"] * 4 and all(one.is_new for one in done)
    again = rescored(archive, store)
    assert night(store) == first and again["key"] == KEY and not again["already_complete"]
    assert again["scorers"].items() <= record["scorers"].items()
    assert rescored(archive, store)["run_id"] == again["run_id"]


def test_twice_is_once_and_a_fit_goes_on_from_there(copied):
    archive, store = copied
    rollback(store, KNN)
    before = newest_versions(store, KEY)
    record, done = rollback(store, KNN)
    assert record is None and not any(one.is_new for one in done) and newest_versions(store, KEY) == before
    fitted, _ = fit(store, KNN, listed(archive, until=FIRST), LocalEngine())
    assert fitted["counts"]["new_scorers"] == 0
    fitted, _ = fit(store, KNN, listed(archive, until=SECOND), LocalEngine())
    assert {version[:7] for version in fitted["scorers"].values()} == {"v000004"}


class Killed(Exception):
    """The end of a process."""


class Dying(LocalFiles):
    """Files that end the process at the n-th write."""

    left = 0

    def write_new(self, path, data):
        self.left -= 1
        if self.left < 0:
            raise Killed
        return super().write_new(path, data)


@pytest.mark.parametrize("writes", [5, 17])
def test_one_that_was_killed_is_finished_by_the_same_call(copied, writes):
    archive, store = copied
    files = Dying(store.files.root)
    files.left = writes
    with pytest.raises(Killed):
        rollback(Store(files), KNN)
    assert len(newest_versions(store, KEY)) == 3  # readers find a whole scorer of every machine
    rescored(archive, store)
    record, _ = rollback(store, KNN)
    assert record is not None and {one[:7] for one in record["scorers"].values()} == {"v000003"}
    assert {len(own) for own in all_versions(store, KEY).values()} == {3}


def test_a_date_and_a_version_are_found_and_a_dry_run_changes_nothing(copied):
    _, store = copied
    today = store.runs("fit", KEY)[-1]["committed_at"][:10]
    before = newest_versions(store, KEY)
    record, done = rollback(store, KNN, today)
    assert record is None and not any(one.is_new for one in done)
    record, done = rollback(store, KNN, "v000001", ["fan/01"], is_dry=True)
    assert record is None and [one.is_new for one in done] == [True] and newest_versions(store, KEY) == before
    record, done = rollback(store, KNN, "v000001", ["fan/01"])
    assert list(record["scorers"]) == [f"scorers/{KEY}/fan/01"]


@pytest.mark.parametrize(
    ("to", "machines", "message"),
    [
        ("2020-01-01", [], "no scorer is of 2020-01-01 or before; the first is of"),
        ("v000009", [], "no machine has a scorer v000009"),
        ("soon", [], "'soon' is no date"),
        ("", ["fan/09"], "no scorer of 'fan/09' is in the store; did you mean 'fan/0"),
    ],
)
def test_what_cannot_be_is_one_line(plant, to, machines, message):
    with pytest.raises(UsageError, match=message):
        rollback(plant[1], KNN, to, machines)


def test_an_empty_store_and_one_with_a_single_fit_have_nothing_to_go_back_to(plant, tmp_path):
    store = Store(LocalFiles(tmp_path / "store"))
    with pytest.raises(AsdError, match="holds no scorers"):
        rollback(store, KNN)
    fit(store, KNN, listed(plant[0], until=FIRST), LocalEngine())
    with pytest.raises(AsdError, match="no fit has replaced a scorer yet"):
        rollback(store, KNN)


def test_on_s3_two_at_once_publish_the_same(plant, bucket):
    from concurrent.futures import ThreadPoolExecutor

    store = open_store(f"{bucket}/store")
    for info in plant[1].files.list():
        if info.path.startswith(("scorers/", "newest_", "runs/", "run_index/", "clips/", "type_scorers/")):
            store.files.write(info.path, plant[1].files.read(info.path))
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: rollback(open_store(f"{bucket}/store"), KNN)[1], range(2)))
    assert [one.version for one in done[0]] == [one.version for one in done[1]]
    assert {len(own) for own in all_versions(store, KEY).values()} == {3}
    assert {one[:7] for one in newest_versions(store, KEY).values()} == {"v000003"}


def test_the_changed_bytes_of_an_earlier_scorer_are_told_and_the_others_go_back(copied):
    _, store = copied
    path = next(info.path for info in store.files.list(f"scorers/{KEY}/fan/01") if "v000001" in info.path)
    store.files.write(path, b"broken")
    _, done = rollback(store, KNN)
    assert sum(one.is_new for one in done) == 3
    (error,) = [one.error for one in done if one.error]
    assert "has changed since" in error
