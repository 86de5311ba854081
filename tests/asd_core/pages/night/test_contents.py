import pyarrow as pa
import pytest

from asd_core.errors import AsdError
from asd_core.pages.night.contents import rows_of


def test_the_notes_of_a_machine_are_its_scorers_and_its_embeddings(make):
    record = make.record(notes=("a fallback",), embeddings_note="imported")
    assert (record.all_notes, make.record().all_notes) == (("a fallback", "imported"), ())


def test_random_weights_are_known_by_the_notes(make):
    assert make.record(embeddings_note="the encoder has random weights").is_random
    assert not make.record(notes=("a fallback",)).is_random


def test_a_table_without_a_column_is_named_with_it():
    table = pa.table({"uri": ["file:///a"], "date": ["undated"]})
    assert rows_of(table, ["date"], "scores") == [{"date": "undated"}]
    with pytest.raises(AsdError, match="cannot report on the scores: column p_value is missing"):
        rows_of(table, ["date", "p_value"], "scores")
