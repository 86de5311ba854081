"""Tables as CSV: all rows, read back as they were, and harmless in a spreadsheet."""

import csv
import io
import json
import tracemalloc

import pandas
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asd_core.evaluation.csv_cells import restored
from asd_core.runs.label import AskedLabel, label
from asd_core.runs.label_files import read_answers
from asd_core.serving.tables import TABLES, csv_pieces
from asd_core.store.alarm_schemas import ALARMS
from asd_core.store.tables import CAPTIONS, NIGHT
from tests.asd_core.serving.plants import KEY, SCORED, SQUEALING, keep_captions
from tests.asd_core.serving.plants import NIGHT as LAST
from tests.stored_rows import blank_rows


def read(answer):
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def table(plant, name, **query):
    return plant.client.get(f"/tables/{name}.csv", params=query)


def test_the_scores_of_a_night_and_of_all_nights_are_those_of_the_store(read_plant):
    one = read(table(read_plant, "scores", key=KEY, date=LAST))
    assert list(one[0]) == NIGHT.names
    expected = {row["uri"]: row for row in read_plant.store.scores(KEY, LAST).to_pylist()}
    assert {row["uri"] for row in one} == expected.keys() and len(one) == len(expected)
    for row in one:
        score = expected[row["uri"]]["anomaly_score"]
        assert row["anomaly_score"] == ("" if score is None else repr(score))
        nearest = expected[row["uri"]]["nearest_uris"]
        assert nearest is None or json.loads(row["nearest_uris"]) == nearest
    every = read(table(read_plant, "scores", key=KEY))
    assert [row["date"] for row in every] == sorted(row["date"] for row in every)
    assert {row["date"] for row in every} == set(SCORED) and len(every) == 36


@pytest.mark.parametrize("name", TABLES)
def test_each_table_has_its_header_and_a_name_for_its_file(plant, name):
    label(plant.store, [AskedLabel("normal", machine="fan/00", date=LAST)])
    answer = table(plant, name, key=KEY, date=LAST)
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert (
        answer.text.endswith("\r\n")
        and len(rows) == {"scores": 13, "clips": 13, "alarms": 5, "evidence": 5, "captions": 1, "labels": 2}[name]
    )
    assert rows[0][0] in ("clip_id", "machine_type")
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name},{KEY},{LAST}.csv"')
    if name == "alarms":
        assert rows[0] == ALARMS.names


def test_labels_go_back_into_a_store_as_they_were(plant, tmp_path):
    label(plant.store, [AskedLabel("fault", machine="fan/00", date=LAST, words="=1+1", labelled_by="@Ann")])
    label(plant.store, [AskedLabel("normal", plant.clips()[SQUEALING, 0]["uri"], date=LAST)])
    (tmp_path / "labels.csv").write_bytes(table(plant, "labels").content)
    before = plant.store.labels().drop_columns("labelled_at").to_pylist()
    assert not label(plant.store, read_answers(str(tmp_path / "labels.csv"))).refused
    assert plant.store.labels().drop_columns("labelled_at").to_pylist() == before


def test_a_look_at_the_head_reads_no_night(read_plant):
    answer = read_plant.client.head("/tables/scores.csv", params={"key": KEY})
    assert answer.status_code == 200 and answer.content == b"" and "attachment" in answer.headers["content-disposition"]


def test_words_of_a_language_model_are_no_formula(plant):
    evil = '=HYPERLINK("http://elsewhere.example","x")'
    keep_captions(plant.store, plant.clips()[SQUEALING, 0], difference_caption=evil, findings=["-1+1", "@a"])
    (row,) = read(table(plant, "captions", key=KEY, date=LAST))
    assert row["difference_caption"] == f"'{evil}" and json.loads(row["findings"]) == ["-1+1", "@a"]


@settings(max_examples=50)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=5))
def test_any_text_comes_back_and_none_is_a_formula(texts):
    schema = pa.schema([("words", pa.string()), ("number", pa.float64())])
    rows = pa.table({"words": texts, "number": [-1.5] * len(texts)}, schema=schema)
    data = b"".join(csv_pieces(schema, iter([rows]))).decode()
    header, *cells = csv.reader(io.StringIO(data, newline=""))
    assert header == ["words", "number"] and {number for _, number in cells} == {"-1.5"}
    assert [restored(words) for words, _ in cells] == texts
    assert not any(words.startswith(("=", "+", "-", "@", "\t", "\r")) for words, _ in cells)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/tables/runs.csv", {"key": KEY}),
        ("/tables/..%2fruns.csv", {"key": KEY}),
        ("/tables/../asd.csv", {"key": KEY}),
        ("/tables/scores", {"key": KEY}),
        ("/tables/scores.csv", {}),
        ("/tables/scores.csv", {"key": "../" + KEY}),
        ("/tables/scores.csv", {"key": KEY, "date": "../2026"}),
        ("/tables/scores.csv", {"key": KEY, "date": "2026-12-24"}),
    ],
)
def test_nothing_else_is_there(read_plant, path, query):
    assert read_plant.client.get(path, params=query).status_code == 404


def test_pieces_are_made_as_they_are_wanted_and_take_little_memory():
    taken = []

    def tables():
        for night in range(1000):
            taken.append(night)
            yield blank_rows(CAPTIONS, 2000)

    pieces = csv_pieces(CAPTIONS, tables())
    tracemalloc.start()
    size = sum(len(next(pieces)) for _ in range(20))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(taken) <= 6 and size > 200_000 and peak < 8e6


def test_a_spreadsheet_program_reads_it(read_plant):
    answer = table(read_plant, "scores", key=KEY, date=LAST)
    found = pandas.read_csv(io.StringIO(answer.text))
    assert found["anomaly_score"].notna().sum() == 11
