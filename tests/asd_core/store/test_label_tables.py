"""Answers of people: none is lost, the newest counts, and what is taken back is gone."""

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from asd_core.errors import AsdError
from asd_core.store.alarm_schemas import LABELS
from asd_core.store.label_tables import REMOVED
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store, open_store
from asd_core.store.tables import to_parquet
from tests.stored_rows import blank_rows

GIVEN = pa.schema([field for field in LABELS if field.name != "labelled_at"])


def answered(*answers, uri=None, date="2026-11-19"):
    count = len(answers)
    ids = [f"{number:02d}" for number in range(count)]
    named = {"machine_type": ["fan"] * count, "machine_id": ids, "date": [date] * count, "uri": [uri] * count}
    return blank_rows(GIVEN, count, answer=list(answers), **named)


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def told(store):
    return [tuple(row[name] for name in ("machine_id", "uri", "answer")) for row in store.labels().to_pylist()]


def test_a_store_without_answers_has_none(store):
    assert store.labels().schema.equals(LABELS) and len(store.labels()) == 0


def test_the_newest_answer_on_a_machine_s_night_and_on_a_clip_counts(store):
    for answer in ("normal", "fault"):
        store.keep_labels(answered(answer))
        store.keep_labels(answered(answer, uri="file:///a.wav"))
    store.keep_labels(answered("normal", date="2026-11-20"))
    assert told(store) == [("00", None, "fault"), ("00", "file:///a.wav", "fault"), ("00", None, "normal")]
    assert len(store.all_labels()) == 5


def test_an_answer_that_is_taken_back_is_gone_and_may_be_given_again(store):
    store.keep_labels(answered("normal", "fault"))
    store.keep_labels(answered(REMOVED))
    assert told(store) == [("01", None, "fault")]
    store.keep_labels(answered("ignore"))
    assert told(store) == [("01", None, "fault"), ("00", None, "ignore")]


@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_many_who_label_at_once_lose_nothing(tmp_path, bucket, place):
    url = str(tmp_path) if place == "folder" else bucket
    store = open_store(url)

    def label(number):
        own = open_store(url)
        own.keep_labels(answered("normal", uri=f"file:///{number}.wav"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(label, range(8)))
    assert len(told(store)) == len(store.all_labels()) == 8


def test_a_label_is_a_file_that_nobody_writes_again(store):
    other = Store(LocalFiles(store.files.root))
    before = {info.path: info.version for info in store.files.list("labels")}
    for number in range(3):
        store.keep_labels(answered("normal", uri=f"file:///{number}.wav"))
        other.keep_labels(answered("fault", uri=f"file:///b{number}.wav"))
    assert len(told(store)) == 6 and not before
    written = {info.path: info.version for info in store.files.list("labels")}
    store.keep_labels(answered("normal"))
    assert written.items() <= {info.path: info.version for info in store.files.list("labels")}.items()


def test_an_answer_of_a_fast_clock_does_not_win_for_ever(store):
    kept = store.keep_labels(answered("fault"))
    fast = kept.set_column(8, LABELS.field(8), pa.array([2**52], LABELS.field(8).type))
    store.files.write_new("labels/fast.parquet", to_parquet(fast))
    store.keep_labels(answered("normal"))
    assert told(store) == [("00", None, "normal")]


def test_a_broken_file_is_one_line(store):
    store.files.write_new("labels/x.parquet", b"PAR1 and no more")
    with pytest.raises(AsdError, match="labels/x.parquet in the store is broken: restore it, or remove it"):
        store.labels()
