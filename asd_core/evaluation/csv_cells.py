"""Text for the cells of a CSV file that people open in a spreadsheet: never a formula there, and the same text back.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break for a formula, so text
from file names or a language model could compute, or fetch something. An apostrophe before it makes it text.
"""

from __future__ import annotations

import re

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
