import json

import pyarrow as pa
import pytest

from asd_core.digest import content_hash
from asd_core.runs.alarms import find_alarms
from asd_core.runs.night_status import AlarmCounts, night_statuses, seconds_of
from asd_core.store.layout import night_page_path, night_path
from asd_core.store.night_files import night_bytes
from asd_core.store.store import Store
from asd_core.store.tables import CAPTIONS, to_parquet
from tests.many_nights.alarms import CLIPS, kept_fleet
from tests.many_nights.bucket import Bucket
from tests.many_nights.plant import KEY, RECIPE, VERSION, day, keep_record, night_clips, score_rows

MACHINES, NIGHTS, FAULTY = 100, 8, 7


@pytest.fixture(scope="module")
def bucket():
    """Eight scored nights; alarms of the last, in which one machine lies far off, and a page of the night before."""
    files = {path: data for part in kept_fleet(MACHINES, NIGHTS, [FAULTY]) for path, data in part.items()}
    bucket = Bucket(files | {night_page_path(KEY, day(NIGHTS - 2)): b""})
    find_alarms(Store(bucket), RECIPE, [day(NIGHTS - 1)])
    return bucket


def test_the_last_nights_come_first_with_their_counts_and_alarms(bucket):
    last, before = night_statuses(Store(bucket), KEY, 2)
    assert (last.date, last.run_id, last.job) == (day(NIGHTS - 1), f"nightly-{NIGHTS - 1}", "nightly")
    assert (last.listed, last.scored, last.errors, last.flagged) == (MACHINES * CLIPS, MACHINES * CLIPS, 0, 0)
    assert last.alarms == AlarmCounts(1, 0, 0, 0, last.alarms.watched)
    assert (last.has_report, before.has_report, before.alarms) == (False, True, None)


def test_alarms_of_scores_that_another_run_has_replaced_are_not_told(bucket):
    files = dict(bucket.files)
    keep_record(files, {"run_id": "score-new", "job": "score", "counts": {"listed": 3}}, day(NIGHTS - 1), "2025-01-01")
    (last,) = night_statuses(Store(Bucket(files)), KEY, 1)
    assert (last.job, last.listed, last.alarms) == ("score", 3, None)


def test_only_a_key_with_captions_has_flagged_clips_that_wait(bucket):
    assert night_statuses(Store(bucket), KEY, 1)[0].captions_waiting is None
    files = dict(bucket.files)
    named = {"run_id": "caption-1", "job": "caption", "llm": "", "method": "acoustic", "caption_files": {}}
    keep_record(files, named, day(0))
    assert night_statuses(Store(Bucket(files)), KEY, 1)[0].captions_waiting == 0


def test_a_run_took_the_time_from_its_start_to_its_commit():
    record = {"started_at": "2026-11-19T23:00:00+00:00", "committed_at": "2026-11-19T23:01:30+00:00"}
    assert seconds_of(record) == 90.0
    assert seconds_of({"seconds": {"embed": 1.5, "score": 2}}) == 3.5
    assert seconds_of({}) is None and seconds_of({"started_at": "", "committed_at": None}) is None


def test_reasons_of_errors_are_those_of_a_run_on_this_night_alone(bucket):
    files = dict(bucket.files)
    path = f"runs/nightly-{NIGHTS - 2}.json"
    record = json.loads(files[path]) | {"counts": {"listed": 2, "errors": 2, "errors_by_reason": {"empty": 2}}}
    files[path] = json.dumps(record).encode()
    assert night_statuses(Store(Bucket(files)), KEY, 2)[1].errors_by_reason == {"empty": 2}
    files[path] = json.dumps(record | {"dates": [day(NIGHTS - 2), day(0)]}).encode()
    assert night_statuses(Store(Bucket(files)), KEY, 2)[1].errors_by_reason == {}


def test_flagged_clips_wait_until_a_caption_explains_their_score():
    clips, night = night_clips(day(0), 3), day(0)
    files = {}
    entry = keep_record(files, {"run_id": "n", "job": "nightly", "score_files": {}}, night)
    files[night_path(KEY, night)] = night_bytes([score_rows(clips, flagged=True)], [entry])
    blanks = {pa.string(): "", pa.int64(): 0}
    row = {one.name: None if one.nullable else blanks[one.type] for one in CAPTIONS} | {"date": night}
    row |= {"clip_id": clips["clip_id"][0].as_py(), "scorer_version": VERSION, "difference_caption": "louder"}
    data = to_parquet(pa.Table.from_pylist([row], CAPTIONS))
    named = {
        "run_id": "c",
        "job": "caption",
        "llm": "",
        "method": "",
        "caption_files": {"captions/x": content_hash(data)},
    }
    keep_record(files, named, night)
    (told,) = night_statuses(Store(Bucket(files | {"captions/x": data})), KEY, 1)
    assert told.captions_waiting == 2
