from __future__ import annotations

import codecs
import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.errors import UsageError
from asd_core.text_files import CsvText, csv_rows, csv_text, read_text, text_of, toml_of

TEXT = "Lüfter\r\nPumpe 7\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_is_read_in_every_unicode_encoding_with_and_without_its_mark(encoding: str) -> None:
    assert text_of(TEXT.encode(encoding), "list") == TEXT
    assert text_of(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "list") == TEXT


def test_other_bytes_are_refused_with_their_line() -> None:
    with pytest.raises(UsageError, match=r"list is neither UTF-8 nor UTF-16: line 2 holds b'L\\xfcfter'; save it as"):
        text_of(b"one\nL\xfcfter\n", "list")
    assert text_of(b"L\xfcfter", "list", "surrogateescape") == "L\udcfcfter"


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the list: No such file"):
        read_text(tmp_path / "none", "the list")
    (tmp_path / "a").write_bytes(TEXT.encode("utf-8-sig"))
    assert read_text(tmp_path / "a", "the list") == TEXT


@given(
    rows=st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), min_size=2, max_size=2), max_size=5),
    separator=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_cells_come_back_as_they_were_written(rows: list[list[str]], separator: str, end: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator=end).writerows([["a", "b"], *rows])
    assert [row for _, row in csv_rows(file.getvalue())] == [["a", "b"], *rows]


def test_excels_own_first_line_names_the_separator() -> None:
    assert list(csv_rows("sep=;\r\na,b;c\r\n1;2\r\n")) == [(2, ["a,b", "c"]), (3, ["1", "2"])]
    assert list(csv_rows("\n\na; b\n\n1;  2\n")) == [(3, ["a", "b"]), (5, ["1", "2"])]
    assert list(csv_rows('"a,b,c";d\n1;2')) == [(1, ["a,b,c", "d"]), (2, ["1", "2"])]
    assert list(csv_rows("")) == list(csv_rows("\n")) == []


def test_the_text_of_a_table_begins_with_its_header() -> None:
    assert csv_text("\r\nsep=|\na|b\n1|2") == CsvText("a|b\n1|2", "|", 2)
    assert csv_text("a") == CsvText("a", ",", 0) and csv_text("").text == ""


def test_a_quote_that_is_never_closed_is_refused() -> None:
    with pytest.raises(csv.Error):
        list(csv_rows('a,b\n"1,2\n'))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "x is no valid TOML: "),
        ("a = " + "[" * 2000 + "]" * 2000, "nested"),
        ("a = " + "[" * 40 + "]" * 40, "nested more than 32 deep"),
        ("a" + ".a" * 40 + " = 1", "nested more than 32 deep"),
        ("a = " + "9" * 5000, "x is no valid TOML: "),
        ("a = 0x" + "f" * 17, "a whole number of more than 64 bits"),
        ("#" * (1 << 20) + "\n", "1048577 characters, and at most 1048576 are read"),
    ],
)
def test_toml_that_would_fail_its_readers_later_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        toml_of(text, "x is no valid TOML")


def test_toml_that_people_write_is_read():
    assert toml_of('[a]\nb = [[1, 2], [3]]\nc = {d = "e"}', "x") == {"a": {"b": [[1, 2], [3]], "c": {"d": "e"}}}


def test_a_name_that_no_file_can_have_is_one_line():
    with pytest.raises(UsageError, match="cannot read the list: embedded null"):
        read_text("a\0b", "the list")


@pytest.mark.timeout(20)
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "list")
    with pytest.raises(UsageError, match="cannot read the list: it is no regular file"):
        read_text(tmp_path / "list", "the list")
