"""Text for the cells of a CSV file that people open in a spreadsheet: never a formula there, and the same text back.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break for a formula, so text
from file names or a language model could compute, or fetch something. An apostrophe before it makes it text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # the wide forms too, which some locales' spreadsheets take
_MADE_INERT = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def inert(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula.

    Text that begins with apostrophes and then such a character gets one more, so that `restored` gives back any text.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def restored(cell: str) -> str:
    """The text that `inert` was given."""
    return cell[1:] if _MADE_INERT.match(cell) else cell


def csv_table(rows: Sequence[Mapping[str, Any]], quoting: Literal[0, 1, 2, 3] = csv.QUOTE_MINIMAL) -> str:
    """Rows under a header of their names: `inert` texts, and an empty cell for None.

    Args:
        rows: at least one, all with the names of the first.
        quoting: as in `csv.writer`.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n", quoting=quoting)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: inert(value) if isinstance(value, str) else value for name, value in row.items()})
    return text.getvalue()
