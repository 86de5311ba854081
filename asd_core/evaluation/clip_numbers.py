"""CSV files of clips and numbers, as challenges exchange them: scores, decisions, and the ground truth.

Conventions:
    A row is a clip and a number. There is no header, but one is passed over. Commas, semicolons and tabs part the
    cells, whichever the file's first line holds; bytes that are no UTF-8 are kept as surrogates. The name of a clip is
    the last part of its path.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from types import MappingProxyType

from asd_core.clips.conditions import condition_of
from asd_core.errors import UsageError
from asd_core.store.files import Files
from asd_core.text_files import csv_rows, text_of

_NAMES_A_CLIP = re.compile(r"\.(wav|flac)\s*$", re.IGNORECASE)
_NUMBERS = {"normal": "0", "anomalous": "1"}


def read_rows(files: Files, path: str) -> list[list[str]]:
    """The rows of a CSV file without its empty lines, each cell without blanks around it.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        data = files.read(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"{files.address(path)}: cannot be read ({reason}); every machine needs this file") from error
    where = files.address(path)
    try:
        rows = csv_rows(text_of(data, where, "surrogateescape"))
        return [cells for _, row in rows if any(cells := [cell.strip() for cell in row])]
    except csv.Error as error:
        raise UsageError(f"{where}: {error}; every machine needs this file") from error


def read_numbers(files: Files, path: str, words: Mapping[str, str] = MappingProxyType({})) -> dict[str, float]:
    """A CSV file of (clip, number), by clip name; further columns are passed over.

    Args:
        files: that hold it.
        path: of it.
        words: condition → the number that a word for it stands for.

    Raises:
        UsageError: there is no such file, a row is not a clip and a finite number, or a clip is given twice.
    """
    where = files.address(path)
    numbers: dict[str, float] = {}
    for place, row in enumerate(read_rows(files, path)):
        if len(row) < 2:
            raise UsageError(f"{where}: the row {','.join(row)!r} is not a clip, a comma and a number")
        name, text = clip_name(row[0]), words.get(condition_of(row[1]) or "", row[1]) if words else row[1]
        if place == 0 and not _NAMES_A_CLIP.search(name) and not _is_number(text):
            continue  # a header
        if name in numbers:
            raise UsageError(f"{where}: {name} is given twice; give each clip one row")
        numbers[name] = _finite(where, name, text)
    return numbers


def read_flags(files: Files, path: str) -> dict[str, bool]:
    """A CSV file of (clip, 0 or 1), by clip name; a word for a condition is taken as its number.

    Raises:
        UsageError: see `read_numbers`, or another number.
    """
    numbers = read_numbers(files, path, _NUMBERS)
    for name, number in numbers.items():
        if number not in (0, 1):
            raise UsageError(f"{files.address(path)}: {number:g} of {name} is neither 0 nor 1")
    return {name: bool(number) for name, number in numbers.items()}


def clip_name(path: str) -> str:
    """The last part of a clip's path, be it written with slashes or, as on Windows, with backslashes."""
    return re.split(r"[/\\]", path)[-1]


def stem(name: str) -> str:
    """A clip's name without the ending of an audio file, by which names are joined."""
    return _NAMES_A_CLIP.sub("", name)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _finite(where: str, name: str, text: str) -> float:
    number = float(text) if _is_number(text) else math.nan
    if not math.isfinite(number):
        raise UsageError(f"{where}: {text!r} of {name} is not a finite number; give every clip one")
    return number
