import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.evaluation.csv_cells import csv_table, inert, restored

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "''-1", "＝1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_computes_begins_with_an_apostrophe(text):
    assert inert(text) == "'" + text


@pytest.mark.parametrize("text", ["", "fan", "a=1", "'tis", "This sound is -3 dB"])
def test_other_text_stays_as_it_is(text):
    assert (inert(text), restored(text)) == (text, text)


@given(st.text(alphabet="'=+-@\t\r\na＝", max_size=6) | st.text())
def test_any_text_comes_back(text):
    assert restored(inert(text)) == text


def test_a_table_has_no_formula_in_it_and_an_empty_cell_for_nothing():
    rows = [{"name": "=1+1", "figure": 0.5}, {"name": "a,b", "figure": None}]
    assert csv_table(rows) == 'name,figure\n\'=1+1,0.5\n"a,b",\n'
