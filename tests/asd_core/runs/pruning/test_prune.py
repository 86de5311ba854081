from datetime import UTC, datetime, timedelta

import pytest

from asd_core.errors import AsdError
from asd_core.pages.night.navigation import Neighbours
from asd_core.runs.pruning.kinds import BY_NAME, USUAL
from asd_core.runs.pruning.prune import find_prunable, prune
from asd_core.store.files import FileInfo
from asd_core.store.store import Store, open_store
from tests.many_nights.bucket import Bucket
from tests.many_nights.pruned import dead_links
from tests.many_nights.runs import kept_runs
from tests.many_nights.year_files import MEDIA, page

NOW, AGE = datetime(2026, 11, 20, tzinfo=UTC), timedelta(days=10)
DATES = [f"2026-11-{number:02d}" for number in (7, 8, 12)]
KINDS = (*USUAL, *BY_NAME)
STAY = ["labels/a.parquet", "answers/a.json", "intents/a.json", "alarms/k/date=2026-11-07.parquet", "encoders.json"]


def three_nights(kind=Bucket):
    """Three reports, two of them of old nights, an abandoned search, and what is never touched."""
    beside = Neighbours(None, DATES[1]), Neighbours(DATES[0], DATES[2]), Neighbours(DATES[1], None)
    files = {f"reports/k/date={date}/index.html": page(links) for date, links in zip(DATES, beside, strict=True)}
    files |= {f"reports/k/date={date}/media/{name}": data for date in DATES for name, data in MEDIA.items()}
    files |= kept_runs(*(("k", date, f"{date[-2:]}T23") for date in DATES)) | {"tuning/data/a/x": b"1234"}
    files["reports/k/index.html"] = "".join(f'<a href="date={date}/index.html">{date}</a>' for date in DATES).encode()
    found = kind(files | dict.fromkeys(STAY, b"{}"))
    found.modified = {"tuning/data/a/x": 0.0}
    return found


def pruned(found, kinds=tuple(USUAL)):
    return prune(Store(found), find_prunable(Store(found), AGE, kinds, NOW))


def test_a_dry_look_changes_nothing_and_counts_what_would_go():
    found = three_nights()
    before = dict(found.files)
    counts = find_prunable(Store(found), AGE, now=NOW).counts()
    assert found.files == before and not [kind for kind, _ in found.requests if kind in ("write", "delete")]
    assert list(counts) == list(USUAL) and counts["searches"] == {"things": 1, "files": 1, "bytes": 4}
    assert (counts["reports"]["things"], counts["reports"]["files"]) == (2, 8)


def test_what_is_old_goes_and_all_else_stays_to_the_byte():
    found = three_nights()
    before = dict(found.files)
    record = pruned(found)
    gone = before.keys() - found.files.keys()
    assert gone == {path for path in before if f"date={DATES[0]}/" in path or f"date={DATES[1]}/" in path} & {
        path for path in before if path.startswith("reports/")
    } | {"tuning/data/a/x"}
    changed = {path for path in before.keys() - gone if found.files[path] != before[path]}
    assert changed == {f"reports/k/date={DATES[2]}/index.html", "reports/k/index.html"} and dead_links(found) == []
    assert record["counts"] == {"things": 3, "files": 9, "bytes": sum(len(before[path]) for path in gone)}


def test_a_prune_is_a_run_of_its_own_and_a_second_one_finds_nothing():
    found = three_nights()
    record = pruned(found)
    assert Store(found).run(record["run_id"])["removed"]["reports"]["things"] == 2
    assert record["names"]["searches"] == ["tuning/data/a"]
    before = dict(found.files)
    assert pruned(found)["counts"] == {"things": 0, "files": 0, "bytes": 0} and found.files == before


def test_sounds_alone_may_go_and_their_pages_stay():
    found = three_nights()
    assert pruned(found, ("media",))["counts"] == {"things": 2, "files": 6, "bytes": 120_000}
    assert dead_links(found) == [] and b"were removed" in found.files[f"reports/k/date={DATES[0]}/index.html"]
    odd = three_nights()
    odd.files[f"reports/k/date={DATES[0]}/index.html"] += b'<a href="media/a.png">'
    assert pruned(odd, ("media",))["counts"]["files"] == 3 and dead_links(odd) == []


class Killed(Exception):
    """The process is gone."""


class Mortal(Bucket):
    """Files whose writer is killed after so many deletes."""

    left = 1000

    def delete(self, path):
        if self.left == 0:
            raise Killed
        self.left -= 1
        super().delete(path)


@pytest.mark.parametrize("left", range(10))
def test_a_prune_that_is_killed_leaves_no_dead_link_and_the_next_one_finishes_it(left):
    whole, found = three_nights(), three_nights(Mortal)
    pruned(whole)
    found.left = left
    if left < 9:
        with pytest.raises(Killed):
            pruned(found)
        assert dead_links(found) == []
        found.left = 1000
        found.modified |= dict.fromkeys((path for path in found.files if path.startswith("reports/")), 0.0)
    pruned(found)
    assert {path for path in found.files if "prune-" not in path} == {
        path for path in whole.files if "prune-" not in path
    }


class Left(Bucket):
    """A folder in which a writer was killed."""

    parts = (FileInfo(".asd-parts/a", 7, "", 0.0),)

    def leftovers(self):
        return self.parts

    def remove_leftovers(self, seconds):
        assert seconds >= timedelta(days=1).total_seconds()
        self.parts = ()


def test_parts_of_killed_writers_go_by_the_clock_of_their_place():
    found = Left({})
    assert pruned(found, ("parts",))["counts"] == {"things": 1, "files": 1, "bytes": 7} and found.parts == ()


def test_nothing_is_pruned_by_a_broken_record_or_before_it_is_a_day_old():
    found = three_nights()
    with pytest.raises(ValueError, match="is below"):
        find_prunable(Store(found), timedelta(hours=23))
    found.files["runs/nightly-0.json"] = b"{"
    with pytest.raises(AsdError, match="nightly-0"):
        find_prunable(Store(found), AGE, KINDS, NOW)


def test_a_bucket_is_pruned_as_a_folder_is(bucket):
    kept, store = three_nights(), open_store(f"{bucket}/store")
    for path, data in kept.files.items():
        store.files.write(path, data)
    now = datetime.now(UTC) + 2 * AGE
    plan = find_prunable(store, AGE, now=now)
    assert {kind for kind, found in plan.things.items() if found} == {"reports", "searches"}
    pruned_now = prune(store, plan)
    assert pruned_now["counts"]["files"] == 13 and dead_links(store.files) == []
    assert {info.path for info in store.files.list()} >= {*STAY, "reports/k/index.html"}
    assert find_prunable(store, AGE, now=now).counts()["reports"]["files"] == 0
