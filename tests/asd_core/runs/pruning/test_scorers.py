import json
from datetime import UTC, datetime, timedelta

import pytest

from asd_core.errors import AsdError
from asd_core.runs.pruning.named import Named
from asd_core.runs.pruning.prunable import Limit
from asd_core.runs.pruning.scorers import stored_versions, superseded_scorers
from asd_core.store.store import Store
from tests.many_nights.bucket import Bucket

PLACE, LIMIT = "scorers/k/fan/0", Limit.of(timedelta(days=10), datetime(2026, 11, 20, tzinfo=UTC))
OLD, YOUNG = "2026-11-01T05:00:00+00:00", "2026-11-15T05:00:00+00:00"


def bucket_of(*versions, newest=None, place=PLACE):
    """Versions of a machine's scorer, each with its head and an array."""
    files = {f"{place}/{version}/{name}": b"{}" for version in versions for name in ("scorer.json", "0.npz")}
    return Bucket(files | {f"newest_{place}/{newest or max(versions)}": b""})


def superseded(bucket, named):
    store = Store(bucket)
    return [
        one.name.removeprefix(f"{PLACE}/") for one in superseded_scorers(store, stored_versions(store), LIMIT, named)
    ]


def test_a_version_goes_once_another_has_been_fitted_long_ago_and_its_head_goes_first():
    named = Named(fits={PLACE: [(OLD, "v1"), (OLD, "v2"), (YOUNG, "v3")]})
    store = Store(bucket_of("v1", "v2", "v3"))
    (one,) = superseded_scorers(store, stored_versions(store), LIMIT, named)
    assert one.name == f"{PLACE}/v1" and [info.path for info in one.first] == [f"{PLACE}/v1/scorer.json"]
    assert [info.path for info in one.rest] == [f"{PLACE}/v1/0.npz"]


def test_what_a_night_has_used_stays_and_so_does_what_newest_names():
    named = Named(fits={PLACE: [(OLD, f"v{number}") for number in range(1, 5)]}, scorers={f"{PLACE}/v1"})
    assert superseded(bucket_of("v1", "v2", "v3", "v4", newest="v2"), named) == ["v3"]


def test_a_successor_without_a_record_counts_by_its_file():
    bucket = bucket_of("v1", "v2")
    assert superseded(bucket, Named()) == []
    bucket.modified[f"{PLACE}/v2/scorer.json"] = datetime.fromisoformat(OLD).timestamp()
    assert superseded(bucket, Named()) == ["v1"]


def test_a_version_that_was_never_committed_goes_when_its_files_are_old():
    bucket = bucket_of("v1")
    bucket.put(f"{PLACE}/v2/0.npz", b"")
    assert superseded(bucket, Named()) == []
    bucket.modified[f"{PLACE}/v2/0.npz"] = datetime.fromisoformat(OLD).timestamp()
    assert superseded(bucket, Named()) == ["v2"]


def test_the_members_of_an_ensemble_that_stays_stay_too():
    members, both = "scorers/m/fan/0", "scorers/both/fan/0"
    bucket = bucket_of("v1", "v2", place=members)
    for path, data in bucket_of("v1", "v2", place=both).files.items():
        bucket.put(path, data)
    bucket.files[f"{both}/v2/scorer.json"] = json.dumps({"members": {"a": ["m", "v1"]}}).encode()
    named = Named(fits={place: [(OLD, "v1"), (OLD, "v2")] for place in (members, both)}, ensembles={"both"})
    store = Store(bucket)
    assert [one.name for one in superseded_scorers(store, stored_versions(store), LIMIT, named)] == [f"{both}/v1"]
    bucket.files[f"{both}/v2/scorer.json"] = b'{"members": 5}'
    with pytest.raises(AsdError, match="does not tell its members"):
        superseded_scorers(store, stored_versions(store), LIMIT, named)


def test_the_version_that_the_newest_has_grown_from_stays():
    bucket, fits = bucket_of("v1", "v2", "v3"), {PLACE: [(OLD, "v1"), (OLD, "v2"), (OLD, "v3")]}
    bucket.files[f"{PLACE}/v3/scorer.json"] = json.dumps({"update": {"anchor": "v1"}}).encode()
    assert superseded(bucket, Named(fits=fits, updated={"k"})) == ["v2"]
    bucket.files[f"{PLACE}/v3/scorer.json"] = b'{"update": 5}'
    assert superseded(bucket, Named(fits=fits, updated={"k"})) == ["v1", "v2"]
