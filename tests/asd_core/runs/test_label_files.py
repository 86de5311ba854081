import json

import pytest

from asd_core.errors import UsageError
from asd_core.runs.label import AskedLabel
from asd_core.runs.label_files import read_answers

FAULT = AskedLabel("fault", "", "fan/01", "2026-11-19", "=hums", "", "Ann")


def read(tmp_path, text, name="labels.csv", by=""):
    (tmp_path / name).write_text(text)
    return read_answers(str(tmp_path / name), by)


def test_a_table_has_a_row_for_each_answer_and_takes_the_columns_that_are_printed(tmp_path):
    head = "machine_type,machine_id,date,uri,answer,words,until,labelled_by,labelled_at"
    text = f"{head}\nfan,01,2026-11-19,,fault,'=hums,,Ann,2026-11-20\nfan,01,2026-11-19,file:///a.wav,normal,,,,\n"
    assert read(tmp_path, text, by="Ben") == [
        FAULT,
        AskedLabel("normal", "file:///a.wav", "", "2026-11-19", labelled_by="Ben"),
    ]


def test_a_file_of_json_lines_is_the_same(tmp_path):
    row = {"machine": "fan/01", "date": "2026-11-19", "answer": "fault", "words": "=hums", "labelled_by": "Ann"}
    assert read(tmp_path, json.dumps(row) + "\n\n", "a.jsonl") == [FAULT]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "uri,anser\n", "unknown column 'anser'; did you mean 'answer'?"),
        ("a.csv", "uri\n/a.wav\n", "has no column answer"),
        ("a.csv", 'uri,answer\n"a,normal\n', "is no CSV"),
        ("a.jsonl", "{", "line 1 of"),
        ("a.jsonl", "[1]", "is no JSON object"),
    ],
)
def test_what_is_no_such_file_is_one_line(tmp_path, name, text, why):
    with pytest.raises(UsageError) as error:
        read(tmp_path, text, name)
    assert why in str(error.value) and "\n" not in str(error.value)
