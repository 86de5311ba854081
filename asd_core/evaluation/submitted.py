"""Systems handed in to DCASE Challenge Task 2, read and joined with the ground truth.

Conventions:
    A system is a folder that directly holds files named as `asd_core.evaluation.submission` writes them, as the
    challenges ask for them, or as the official baselines do: ``anomaly_score_...`` and, since 2021,
    ``decision_result_...``. In 2021 there is one of each for each domain.
    A system and the ground truth are joined by clip name. (The official evaluators sort the rows and pair them by
    position, so they take any names at all.)
"""

from __future__ import annotations

import re
import urllib.parse
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from asd_core.errors import UsageError
from asd_core.evaluation.clip_numbers import clip_name, read_flags, read_numbers, stem
from asd_core.evaluation.dcase_scores import DOMAINS, DcaseProtocol
from asd_core.evaluation.ground_truth import GroundTruth, Machine, TrueClip
from asd_core.evaluation.labelled_clips import Counts, LabelledClips, MachineClips
from asd_core.store.files import Files

Value = TypeVar("Value")

SCORE, DECISION = "anomaly_score", "decision_result"
_FILE_NAME = re.compile(
    r"(?P<kind>anomaly_score|decision_result)_(?:DCASE\d{4}T2)?(?P<machine>.+)_"
    r"(?:id_(?P<id>.+?)|section_(?P<section>.+?)(?:_(?P<domain>source|target))?_test(?:_seed.*)?)\.csv"
)  # the official baseline prefixes DCASE2023T2 and ends in _seed13711_id(0_)_Eval


_DOMAINS: Mapping[DcaseProtocol, tuple[str, ...]] = {"dcase2020": ("",), "dcase2021": DOMAINS, "dcase2022": ("",)}


@dataclass(frozen=True)
class System:
    """One system handed in.

    Attributes:
        name: path of its folder below the one that was read, ``team/system``; the last part of that where it is that.
        files: where its files are.
        paths: kind of file and machine → domain, or "" → path.
        remarks: files that are no part of a submission, one line each.
    """

    name: str
    files: Files
    paths: Mapping[tuple[str, Machine], Mapping[str, str]]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Submitted:
    """A system joined with the ground truth.

    Attributes:
        machines: every machine of the ground truth, sorted, its clips by released name. A machine that cannot be judged
            has no clips, and counts them as errors.
        problems: why machines cannot be judged, one line each.
        remarks: what else is odd, one line each.
    """

    machines: tuple[MachineClips, ...]
    problems: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass
class _Found:
    paths: dict[tuple[str, Machine], dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    others: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)


def find_systems(files: Files, name: str) -> tuple[list[System], list[str]]:
    """Every system in a folder and below it, sorted by name; and a remark on each folder of CSV files that is none.

    Args:
        files: the folder.
        name: of the system that lies in the folder itself.
    """
    folders: dict[str, _Found] = defaultdict(_Found)
    for path in (info.path for info in files.list() if info.path.endswith(".csv")):
        folder, found = path.rpartition("/")[0], folders[path.rpartition("/")[0]]
        match = _FILE_NAME.fullmatch(clip_name(path))
        if match is None:
            found.others.append(clip_name(path))
            continue
        key, domain = (match["kind"], _machine(match)), match["domain"] or ""
        if (first := found.paths[key].setdefault(domain, path)) != path:
            found.twice.append(
                f"{folder or name}: {clip_name(path)} is left out: {clip_name(first)} is of the same machine; keep one"
            )
    systems = [
        System(folder or name, files, found.paths, tuple(found.twice + _unlike(folder or name, found.others)))
        for folder, found in sorted(folders.items())
        if found.paths
    ]
    remarks = [
        f"{folder or name}: none of {len(found.others)} CSV files is named anomaly_score_<machine>_..."
        for folder, found in sorted(folders.items())
        if not found.paths and not re.search(r"(^|/)ground_truth_", folder)
    ]
    return systems, remarks


def join(system: System, truth: GroundTruth) -> Submitted:
    """A system's scores and decisions with the condition of every clip.

    A machine whose score file is missing or malformed, or lacks a clip, is no longer judged; without its decisions it
    still is.
    """
    machines, problems, remarks = [], [], list(system.remarks)
    for kind, machine in system.paths:
        if machine not in truth.machines and kind == SCORE:
            remarks.append(
                f"{system.name}: the ground truth has no machine {' '.join(machine)}; its files are left out"
            )
    asks_for_decisions = any(kind == DECISION for kind, _ in system.paths)
    for machine in truth.machines:
        flags: Mapping[str, bool] = {}
        try:
            scores = _values(system, SCORE, machine, truth, read_numbers)
        except UsageError as error:
            problems.append(str(error))
            machines.append(_machine_clips(machine, (), {}, {}, len(truth.machines[machine])))
            continue
        try:
            if asks_for_decisions:
                flags = _values(system, DECISION, machine, truth, read_flags)
        except UsageError as error:
            remarks.append(f"{error}; {' '.join(machine)} is judged without decisions")
        machines.append(_machine_clips(machine, truth.machines[machine], scores, flags))
    return Submitted(tuple(machines), tuple(problems), tuple(remarks))


def _machine(match: re.Match[str]) -> Machine:
    machine_type, machine_id = (
        urllib.parse.unquote(word) for word in (match["machine"], match["id"] or match["section"])
    )
    return machine_type, machine_id


def _unlike(name: str, others: Sequence[str]) -> list[str]:
    like = [other for other in others if other.startswith((SCORE, DECISION))]
    return [f"{name}: {other} names no machine as DCASE does; it is left out" for other in like]


def _values(
    system: System,
    kind: str,
    machine: Machine,
    truth: GroundTruth,
    read: Callable[[Files, str], dict[str, Value]],
) -> dict[str, Value]:
    """Value of each clip of a machine, by released name.

    Raises:
        UsageError: a file is missing or malformed; a clip is missing, unknown or given twice.
    """
    paths, clips = system.paths.get((kind, machine), {}), truth.machines[machine]
    for domain in _DOMAINS[truth.protocol]:
        if not paths or (domain not in paths and "" not in paths):
            name = _file_name(kind, machine, domain, truth.protocol)
            raise UsageError(f"{system.name}: there is no {name}; a system needs every machine")
    released = {stem(name): clip.name for clip in clips for name in (clip.name, *clip.other_names)}
    joined: dict[str, Value] = {}
    where = ""
    for path in paths.values():
        where = f"{system.name}: {clip_name(path)}"
        try:
            values = read(system.files, path)
        except UsageError as error:
            raise UsageError(str(error).replace(system.files.address(path), where)) from error
        for name, value in values.items():
            clip = released.get(stem(name))
            if clip is None:
                raise UsageError(f"{where}: {name} is not in the ground truth; remove the row or correct its name")
            if clip in joined:
                raise UsageError(f"{where}: {name} is given twice (it is {clip}); give each clip one row")
            joined[clip] = value
    if missing := {clip.name for clip in clips} - joined.keys():
        raise UsageError(f"{where}: {min(missing)} is missing ({len(missing)} in all); a system needs every clip")
    return joined


def _file_name(kind: str, machine: Machine, domain: str, protocol: DcaseProtocol) -> str:
    if protocol == "dcase2020":
        return f"{kind}_{machine[0]}_id_{machine[1]}.csv"
    return f"{kind}_{machine[0]}_section_{machine[1]}{'_' * bool(domain)}{domain}_test.csv"


def _machine_clips(
    machine: Machine,
    clips: Sequence[TrueClip],
    scores: Mapping[str, float],
    flags: Mapping[str, bool],
    errors: int = 0,
) -> MachineClips:
    is_anomalous = np.array([clip.is_anomalous for clip in clips], np.bool_)
    n_anomalous = int(is_anomalous.sum())
    labelled = LabelledClips(
        np.array([scores[clip.name] for clip in clips], np.float64),
        is_anomalous,
        np.array([clip.domain for clip in clips], dtype=object),
    )
    flagged = np.array([flags.get(clip.name, np.nan) for clip in clips], np.float64)
    counts = Counts(normal=len(clips) - n_anomalous, anomalous=n_anomalous, errors=errors)
    return MachineClips(*machine, counts, labelled, flagged, np.full(len(clips), np.nan))
