"""The ground truth of DCASE Challenge Task 2, as published with the evaluators of 2020 to 2025.

Conventions:
    2020        one file ``eval_data_list.csv``: a line with a machine type, then its clips, each with the name of its
                condition and 1 where it is anomalous.
    2021        ``ground_truth_data`` with ``ground_truth_<machine>_section_<ss>_<domain>_test.csv``, one file a domain.
    since 2022  ``ground_truth_data`` with ``ground_truth_<machine>_section_<ss>_test.csv`` (clip, 1 where anomalous)
                and ``ground_truth_domain`` with files of the same names (clip, 1 where target).

    Names of clips with attributes lie in ``ground_truth_attributes``: of 2022 as ``<machine>/attributes_<ss>.csv`` with
    a header, of later years in files named as those of ``ground_truth_data``. No file has a header but those.
"""

from __future__ import annotations

import re
import urllib.parse
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from asd_core.errors import UsageError
from asd_core.evaluation.clip_numbers import clip_name, read_flags, read_rows, stem
from asd_core.evaluation.dcase_scores import DOMAINS, DcaseProtocol
from asd_core.store.addresses import open_files
from asd_core.store.files import Files

Machine = tuple[str, str]  # machine type, machine id

_LIST_OF_2020 = "eval_data_list.csv"
_FOLDERS = ("ground_truth_data", "ground_truth_domain", "ground_truth_attributes")
_FILE_NAME = re.compile(
    r"ground_truth_(?P<machine>.+)_section_(?P<section>.+?)(?:_(?P<domain>source|target))?_test\.csv"
)
_ID_OF_2020 = re.compile(r"id_(\d+)")


@dataclass(frozen=True)
class TrueClip:
    """One clip of the ground truth.

    Attributes:
        name: as released, ``section_00_0000.wav``.
        other_names: its names with attributes, which submissions may use as well.
        is_anomalous: its condition.
        domain: "source", "target", or "" in 2020.
    """

    name: str
    other_names: tuple[str, ...]
    is_anomalous: bool
    domain: str


@dataclass(frozen=True)
class GroundTruth:
    """The ground truth of one challenge.

    Attributes:
        protocol: by which its year is scored.
        machines: the clips of every machine, sorted by released name; machines sorted too.
    """

    protocol: DcaseProtocol
    machines: dict[Machine, list[TrueClip]]


def read_ground_truth(folder: str) -> GroundTruth:
    """Read the ground truth in a folder, or anywhere below it.

    Args:
        folder: path or address; also ``ground_truth_data`` itself, or the path of ``eval_data_list.csv``.

    Raises:
        UsageError: there is none, or more than one, or its files are malformed or name different clips.
    """
    files, paths = _listing(folder)
    lists = [path for path in paths if clip_name(path) == _LIST_OF_2020]
    roots = {path.rpartition("ground_truth_data/")[0] for path in paths if _is_of(path, "ground_truth_data")}
    if len(lists) + len(roots) > 1:
        found = sorted([*lists, *(f"{root}ground_truth_data" for root in roots)])
        raise UsageError(f"{folder}: holds several ground truths; name one of them: {', '.join(found)}")
    if lists:
        return GroundTruth("dcase2020", _machines_of_2020(files, lists[0]))
    if roots:
        return _of_sections(files, roots.pop(), paths)
    raise UsageError(
        f"{folder}: no ground_truth_data/ground_truth_<machine>_section_<ss>_test.csv and no {_LIST_OF_2020} in it"
    )


def _listing(folder: str) -> tuple[Files, list[str]]:
    head, _, last = folder.rstrip("/").rpartition("/")
    if last == _LIST_OF_2020:
        return open_files(head or "."), [last]
    if last in _FOLDERS:
        files = open_files(head or ("/" if folder.startswith("/") else "."))
        prefixes: tuple[str, ...] = _FOLDERS
    else:
        files, prefixes = open_files(folder), ("",)
    return files, [info.path for prefix in prefixes for info in files.list(prefix) if info.path.endswith(".csv")]


def _is_of(path: str, folder: str) -> bool:
    return path.split("/")[-2:-1] == [folder]


def _machines_of_2020(files: Files, path: str) -> dict[Machine, list[TrueClip]]:
    machines: dict[Machine, list[TrueClip]] = {}
    machine_type = None
    for row in read_rows(files, path):
        if len([cell for cell in row if cell]) == 1:
            machine_type = row[0]
            continue
        match = _ID_OF_2020.search(row[0])
        if machine_type is None or match is None or len(row) < 3 or row[2] not in ("0", "1"):
            raise UsageError(
                f"{files.address(path)}: the row {','.join(row)!r} is neither a machine type nor a clip id_<id>_..., "
                "its name with the condition, and 0 or 1"
            )
        clip = TrueClip(clip_name(row[0]), (clip_name(row[1]),) if row[1] else (), row[2] == "1", "")
        machines.setdefault((machine_type, match[1]), []).append(clip)
    if not machines:
        raise UsageError(f"{files.address(path)}: holds no clip")
    return {machine: _each_named_once(files.address(path), clips) for machine, clips in sorted(machines.items())}


def _of_sections(files: Files, root: str, paths: Iterable[str]) -> GroundTruth:
    by_machine: dict[Machine, dict[str, str]] = {}
    for path in paths:
        if not (path.startswith(root) and _is_of(path, "ground_truth_data")):
            continue
        match = _FILE_NAME.fullmatch(clip_name(path))
        if match is None:
            raise UsageError(
                f"{files.address(path)}: not named ground_truth_<machine>_section_<ss>_test.csv; "
                "rename it or move it away"
            )
        machine_type, section = (urllib.parse.unquote(match[group]) for group in ("machine", "section"))
        by_machine.setdefault((machine_type, section), {})[match["domain"] or ""] = path
    names = _NamesWithAttributes(files, root, paths)
    machines = {}
    for machine, own in sorted(by_machine.items()):
        is_of_2021 = "" not in own
        clips = _clips_of_2021(files, machine, own) if is_of_2021 else _clips(files, root, machine, own[""], names)
        machines[machine] = _each_named_once(files.address(own[min(own)]), clips)
    years = {"" not in own for own in by_machine.values()}
    if len(years) > 1:
        raise UsageError(f"{files.address(root)}: holds ground truth of 2021 and of a later year; keep one of them")
    return GroundTruth("dcase2021" if years.pop() else "dcase2022", machines)


def _clips_of_2021(files: Files, machine: Machine, own: dict[str, str]) -> list[TrueClip]:
    if missing := [domain for domain in DOMAINS if domain not in own]:
        raise UsageError(
            f"{files.address(min(own.values()))}: the file of the {missing[0]} domain is missing beside it"
        )
    return [
        TrueClip(name, (), is_anomalous, domain)
        for domain in DOMAINS
        for name, is_anomalous in read_flags(files, own[domain]).items()
    ]


class _NamesWithAttributes:
    """The names with attributes of a release, machine by machine."""

    def __init__(self, files: Files, root: str, paths: Iterable[str]) -> None:
        self._files = files
        self._folder = f"{root}ground_truth_attributes/"
        self._paths = {path for path in paths if path.startswith(self._folder)}

    def of(self, machine: Machine, file_name: str) -> dict[str, tuple[str, ...]]:
        """Other names by released name; none where the release names none.

        A third column (2024) holds the name with the true attributes of a machine released as noAttribute.

        Raises:
            UsageError: the release names them for other machines only.
        """
        if not self._paths:
            return {}
        path = f"{self._folder}{machine[0]}/attributes_{machine[1]}.csv"
        if path in self._paths:  # 2022
            rows = read_rows(self._files, path)[1:]
            return {clip_name(row[0]): (clip_name(row[-1]),) for row in rows}
        rows = read_rows(self._files, self._folder + file_name)
        return {row[0]: tuple(cell for cell in row[1:] if cell) for row in rows}


def _clips(files: Files, root: str, machine: Machine, path: str, names: _NamesWithAttributes) -> list[TrueClip]:
    file_name = clip_name(path)
    is_anomalous = read_flags(files, path)
    is_target = read_flags(files, f"{root}ground_truth_domain/{file_name}")
    other_names = names.of(machine, file_name)
    if odd := (is_anomalous.keys() ^ is_target.keys()) | (other_names.keys() - is_anomalous.keys()):
        raise UsageError(
            f"{files.address(root)}: the files named {file_name} do not all hold {min(odd)}; take them from one release"
        )
    return [
        TrueClip(name, other_names.get(name, ()), is_anomalous[name], "target" if is_target[name] else "source")
        for name in is_anomalous
    ]


def _each_named_once(where: str, clips: list[TrueClip]) -> list[TrueClip]:
    """The clips sorted by name. Raises UsageError where two go by one name."""
    names = [name for clip in clips for name in {stem(each) for each in (clip.name, *clip.other_names)}]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise UsageError(f"{where}: two clips go by {twice[0]} there or in its ground_truth_attributes; correct one")
    return sorted(clips, key=lambda clip: clip.name)
