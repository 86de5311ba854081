import json

from asd_core.runs.newest_night import newest_night
from asd_core.runs.status import ScorerStatus, store_status
from asd_core.store.files import FileInfo
from asd_core.store.store import Store
from tests.many_nights.bucket import Bucket
from tests.many_nights.runs import kept_runs

KEY, DATE = "fleet-1", "2026-11-19"


class Left(Bucket):
    """Parts of files of two killed runs."""

    def leftovers(self):
        return [FileInfo("a", 2, "", 60.0), FileInfo("b", 3, "", 0.0)]


def test_a_store_tells_its_keys_locks_what_is_not_finished_and_parts_of_files():
    newest = {
        f"newest_scorers/{KEY}/fan/{name}": f"v00000{number}-0" for name, number in (("0", 1), ("1", 3), ("2", 3))
    }
    files = kept_runs((KEY, DATE, "19T23")) | {f"{folder}/{version}": b"" for folder, version in newest.items()}
    fits = {path: data for path, data in kept_runs((KEY, DATE, "18T05"), job="fit").items()}
    files |= fits | {f"newest_scorers/{KEY}/+complete": b"", f"newest_type_scorers/{KEY}/fan/v000001-0": b""}
    store = Store(Left(files))
    status = store_status(store, [newest_night(store, KEY)], 7)
    (key,) = status.keys
    assert key.scorers == ScorerStatus(3, 1, {1: 1, 3: 2}, "2026-11-18T05:00:00.000000+00:00")
    assert [night.date for night in key.nights] == [DATE] and status.locks == status.unfinished.nights == []
    assert (status.parts.files, status.parts.bytes, status.parts.oldest) == (2, 5, "1970-01-01T00:00:00+00:00")
    assert json.loads(json.dumps(status.json()))["keys"][0]["newest"]["date"] == DATE


def test_a_store_that_is_empty_tells_so():
    status = store_status(Store(Bucket({})), [], 7)
    assert (status.keys, status.parts.files, status.parts.oldest) == ([], 0, None)
