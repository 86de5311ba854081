"""The ground truth of a DCASE challenge, as published with the evaluators of 2022 to 2025.

Conventions:
    A folder of three folders, each with one header-less CSV file per machine and section, named
    ``ground_truth_<machine>_section_<ss>_test.csv``: ``ground_truth_data`` (clip, 1 where anomalous),
    ``ground_truth_domain`` (clip, 1 where target) and ``ground_truth_attributes`` (clip, full name).
"""

from __future__ import annotations

import csv
import math
import re
import urllib.parse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from asd_core.errors import UsageError

Machine = tuple[str, str]  # machine type, machine id

_FILE_NAME = re.compile(r"ground_truth_(?P<machine>.+)_section_(?P<section>.+?)_test\.csv")


@dataclass(frozen=True)
class TrueClip:
    """One clip of the ground truth.

    Attributes:
        name: as released, ``section_00_0000.wav``.
        other_names: its names with attributes, which submissions may use as well.
        is_anomalous: its condition.
        domain: "source" or "target".
    """

    name: str
    other_names: tuple[str, ...]
    is_anomalous: bool
    domain: str


def read_ground_truth(folder: str | Path) -> dict[Machine, list[TrueClip]]:
    """The clips of every machine, sorted by released name.

    ``ground_truth_attributes`` may be absent; then submissions can use released names only.

    Raises:
        UsageError: there is none, or its files are malformed or name different clips.
    """
    root = Path(folder)
    truth = {}
    for path in sorted((root / "ground_truth_data").glob("*.csv")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise UsageError(
                f"{path}: not named ground_truth_<machine>_section_<ss>_test.csv; rename it or move it away"
            )
        machine_type, section = (urllib.parse.unquote(match[group]) for group in ("machine", "section"))
        truth[machine_type, section] = _clips(root, path)
    if not truth:
        raise UsageError(f"{root}: no ground_truth_data/ground_truth_<machine>_section_<ss>_test.csv in it")
    return truth


def read_rows(path: Path) -> list[list[str]]:
    """The rows of a header-less CSV file without its empty lines; bytes that are no UTF-8 are kept as surrogates.

    Raises:
        UsageError: there is no such file.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            return [row for row in csv.reader(file) if row]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); every machine needs this file") from error


def read_numbers(path: Path) -> dict[str, float]:
    """A header-less CSV file of (clip, number), by clip name.

    Raises:
        UsageError: there is no such file, a row is not a clip and a finite number, or a clip is given twice.
    """
    numbers: dict[str, float] = {}
    for row in read_rows(path):
        if len(row) != 2:
            raise UsageError(f"{path}: the row {','.join(row)!r} is not a clip, a comma and a number")
        name, text = row
        if name in numbers:
            raise UsageError(f"{path}: {name} is given twice; give each clip one row")
        numbers[name] = _finite(path, name, text)
    return numbers


def read_flags(path: Path) -> dict[str, bool]:
    """A header-less CSV file of (clip, 0 or 1), by clip name.

    Raises:
        UsageError: see `read_numbers`, or another number.
    """
    numbers = read_numbers(path)
    for name, number in numbers.items():
        if number not in (0, 1):
            raise UsageError(f"{path}: {number:g} of {name} is neither 0 nor 1")
    return {name: bool(number) for name, number in numbers.items()}


def _finite(path: Path, name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"{path}: {text!r} of {name} is not a finite number; give every clip one, and no header")
    return number


def _clips(root: Path, path: Path) -> list[TrueClip]:
    is_anomalous = read_flags(path)
    is_target = read_flags(root / "ground_truth_domain" / path.name)
    other_names = _other_names(root / "ground_truth_attributes" / path.name)
    if odd := (is_anomalous.keys() ^ is_target.keys()) | (other_names.keys() - is_anomalous.keys()):
        raise UsageError(f"{root}: the files named {path.name} do not all hold {min(odd)}; take them from one release")
    names = [name.removesuffix(".wav") for clip in other_names.items() for name in {clip[0], *clip[1]}]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise UsageError(f"{path.name}: two clips of ground_truth_attributes in {root} go by {twice[0]}; correct one")
    return [
        TrueClip(name, other_names.get(name, ()), is_anomalous[name], "target" if is_target[name] else "source")
        for name in sorted(is_anomalous)
    ]


def _other_names(path: Path) -> dict[str, tuple[str, ...]]:
    # A third column (2024) holds the name with the true attributes of a machine released as noAttribute.
    if not path.parent.is_dir():
        return {}
    return {row[0]: tuple(row[1:]) for row in read_rows(path)}
