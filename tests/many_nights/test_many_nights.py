"""A night's requests to its store hardly grow with the nights before it."""

import pytest

from tests.many_nights.bucket import Bucket
from tests.many_nights.plant import FINGERPRINT, HISTORY, KEY, day, kept_files, work_through

MACHINES = 3000
SECONDS_A_REQUEST = 0.03


@pytest.fixture(scope="module")
def asked():
    """Nights before → a bucket after one more night, and what the night gave."""
    found = {}
    for nights in (100, 1000):
        bucket = Bucket(kept_files(nights, MACHINES))
        record, captioned, night = work_through(bucket, day(nights), 50)
        assert not record["already_complete"] and len(night.scores) == 50
        assert captioned["captioned"] > 0
        assert len(night.history) == HISTORY and len(night.machines) == MACHINES
        found[nights] = bucket
    return found


def bookkeeping(bucket):
    """Requests for all but the night's own rows and the nights that the report shows."""
    return bucket.asked("score_parts", "scores")


def test_a_night_after_a_thousand_asks_so_little_that_s3_answers_in_five_seconds(asked):
    assert bookkeeping(asked[1000]).total() * SECONDS_A_REQUEST < 5, asked[1000].requests


def test_only_pages_of_names_are_more_after_more_nights(asked):
    few, many = bookkeeping(asked[100]), bookkeeping(asked[1000])
    assert {**few, "list": 0} == {**many, "list": 0} and many["list"] - few["list"] < 40


def test_neither_shards_nor_scorers_of_earlier_nights_are_listed(asked):
    assert not {f"embeddings/{FINGERPRINT}/shards", f"scorers/{KEY}"} & asked[1000].listed.keys()


def test_the_same_night_again_reads_no_score_and_writes_nothing(asked):
    bucket = asked[1000]
    before = dict(bucket.files)
    bucket.requests.clear()
    record, captioned, _ = work_through(bucket, day(1000), 50)
    assert record["already_complete"] and captioned["asked"] == 0 and bucket.files == before
    assert bookkeeping(bucket).total() * SECONDS_A_REQUEST < 5, bucket.requests
