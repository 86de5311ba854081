"""Text files and tables as people's programs write them: Excel, PowerShell, Notepad, pandas.

UTF-8 with or without a byte order mark, and UTF-16. Cells are separated by commas, semicolons (Excel where the comma is
the decimal sign), tabs or bars.
"""

from __future__ import annotations

import codecs
import csv
import errno
import io
import os
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from asd_core.errors import UsageError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with the same bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LARGEST_TOML, _DEEPEST = 1 << 20, 32  # characters, levels: no recipe comes near
_SEPARATORS = ",;\t|"
_FIRST_LINE = re.compile(r"[^\r\n]*")
_QUOTED = re.compile(r'"[^"\n]*"')


def text_of(data: bytes, name: object, errors: str = "strict") -> str:
    """The text in a file's bytes, without its byte order mark; line ends stay as they are.

    Args:
        data: UTF-8, or UTF-16 or UTF-32 with a byte order mark; UTF-16 without one is recognised by its zeros.
        name: of the file, for the message.
        errors: as in `bytes.decode`, for bytes that are none of these.

    Raises:
        UsageError: it is none of these, and ``errors`` is strict.
    """
    encoding, mark = next(((coded, mark) for mark, coded in _MARKS if data.startswith(mark)), ("utf-8", b""))
    if not mark and b"\0" in data[:2]:
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    try:
        return data[len(mark) :].decode(encoding, errors)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        begin, end = data.rfind(b"\n", 0, error.start) + 1, data.find(b"\n", error.start)
        around = data[max(begin, error.start - 20) : min(end if end >= 0 else len(data), error.start + 20)]
        raise UsageError(
            f"{name} is neither UTF-8 nor UTF-16: line {row} holds {around!r}; save it as UTF-8 (Excel: CSV UTF-8)"
        ) from error


def read_text(path: str | Path, name: object) -> str:
    """The text of a local file; see `text_of`.

    Raises:
        UsageError: it cannot be read, or is no text.
    """
    try:
        refuse_special(path)
        data = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror or error}") from error
    except ValueError as error:  # a name that no file can have
        raise UsageError(f"cannot read {name}: {error}") from error
    return text_of(data, name)


def refuse_special(path: str | Path) -> None:
    """Raise OSError for a FIFO, a socket or a device, which would be waited for; folders fail by themselves."""
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))


def toml_of(text: str, failure: str) -> dict[str, Any]:
    """The tables of a TOML text, in which no number and no nesting is so large that a reader would fail at it later.

    Args:
        text: of the file.
        failure: begins the message: ``recipe x is no valid TOML``.

    Raises:
        UsageError: it is no TOML, or holds more than a megabyte, a whole number of more than 64 bits, or values nested
            more than 32 deep.
    """
    if len(text) > _LARGEST_TOML:
        raise UsageError(f"{failure}: it has {len(text)} characters, and at most {_LARGEST_TOML} are read")
    try:
        tables = tomllib.loads(text)
        check_values(tables)
    except RecursionError as error:
        raise UsageError(f"{failure}: its values are nested too deep") from error
    except ValueError as error:  # TOMLDecodeError is one, and so is a number of more digits than Python reads
        raise UsageError(f"{failure}: {error}") from error
    return tables


def check_values(value: Any) -> None:
    """Raise ValueError for values of TOML or JSON that are nested deep, or hold a whole number of more than 64 bits."""
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        if any(isinstance(value, int) and value.bit_length() > 64 for value in level):
            raise ValueError("it holds a whole number of more than 64 bits")
        lists = [value for value in level if isinstance(value, list)]
        inner = [value.values() for value in level if isinstance(value, dict)]
        level = [value for values in (*lists, *inner) for value in values]
    if level:
        raise ValueError(f"its values are nested more than {_DEEPEST} deep")


class CsvText(NamedTuple):
    """The text of a table and its separator.

    Attributes:
        text: from its header on.
        separator: one character.
        lines_before: number of lines of the file before the header.
    """

    text: str
    separator: str
    lines_before: int


def csv_text(text: str) -> CsvText:
    """The table in a file's text: without empty lines before it, and without Excel's own first line ``sep=;``.

    The separator is that of Excel's line, or the one that the header holds most of.
    """
    table = text.lstrip("\r\n")
    before = len(text[: len(text) - len(table)].splitlines())
    separator = ""
    if table[:4].lower() == "sep=":
        first = table.splitlines(keepends=True)[0]
        separator, table, before = first[4:5], table[len(first) :], before + 1
    header = _QUOTED.sub("", _FIRST_LINE.match(table)[0])  # type: ignore[index]  # it matches any text
    return CsvText(table, separator or max(_SEPARATORS, key=header.count), before)


def csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table, each with the number of its last line; the first is its header. See `csv_text`.

    Empty lines, and blanks before a cell, are left out.

    Raises:
        csv.Error: a quote that is never closed, or characters behind one that is.
    """
    table, separator, before = csv_text(text)
    reader = csv.reader(io.StringIO(table, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    for row in reader:
        if row:
            yield before + reader.line_num, row
