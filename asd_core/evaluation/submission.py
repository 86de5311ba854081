"""DCASE submission files: written from scores, and read back as scores of known condition.

Conventions:
    A submission is a folder of header-less CSV files, two for each machine:
    ``anomaly_score_<machine>_section_<ss>_test.csv`` (clip, anomaly score) and
    ``decision_result_<machine>_section_<ss>_test.csv`` (clip, 1 where flagged). For the clips of 2020 they end in
    ``_<machine>_id_<id>.csv`` instead. Characters that are unsafe in a file name are percent-encoded.
    A submission and its ground truth are joined by clip name. (The official evaluators sort the rows and pair them by
    position, so they take any names at all.)
"""

from __future__ import annotations

import csv
import io
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.digest import content_hash
from asd_core.errors import UsageError
from asd_core.evaluation.ground_truth import Machine, TrueClip, read_flags, read_ground_truth, read_numbers
from asd_core.store.tables import SCORES

Value = TypeVar("Value")

_KINDS = ("anomaly_score", "decision_result")
_UNSAFE = re.compile(r'[/\\%:*?"<>|\x00-\x1f\x7f-\x9f]')
_CLIP_OF_2020 = re.compile(r"(?:(?:normal|anomaly)_)?id_")
_FILE_NAME = re.compile(
    r"(?P<kind>anomaly_score|decision_result)_(?:DCASE\d{4}T2)?(?P<machine>.+)_section_(?P<section>.+?)"
    r"_test(?:_seed.*_Eval)?\.csv"  # the official baseline prefixes DCASE2023T2 and ends in _seed13711_id(0_)_Eval
)


def unsubmittable(scores: pa.Table) -> dict[Machine, str]:
    """The machines of SCORES rows that a submission cannot hold, with a short reason; sorted by machine."""
    seen: set[tuple[Machine, str]] = set()
    reasons: dict[Machine, str] = {}
    for machine, name, row in _test_clips(scores):
        if row["anomaly_score"] is None or row["is_flagged"] is None:
            reasons[machine] = "clips that have no score"
        elif (machine, name) in seen:
            reasons.setdefault(machine, "clips of one file name")
        seen.add((machine, name))
    return dict(sorted(reasons.items()))


def submission_files(scores: pa.Table) -> dict[str, bytes]:
    """The submission files of SCORES rows, by file name; rows of split ``train`` are left out.

    Rows are sorted by clip name, the last part of the uri. Scores keep every digit of the float64.

    Raises:
        UsageError: a clip has no score or no decision, two clips of a machine have one name, or two machines one file.
    """
    files: dict[str, bytes] = {}
    for machine, rows in sorted(_rows_by_machine(scores).items()):
        for column, kind in enumerate(_KINDS):
            name = _file_name(kind, machine, rows)
            if name in files:
                raise UsageError(f"two machines would be written to {name}, one of them {machine}: rename one")
            files[name] = _csv((clip, values[column]) for clip, values in sorted(rows.items()))
    return files


def read_submission(folder: str | Path, ground_truth: str | Path) -> pa.Table:
    """A submission joined with its ground truth by clip name: SCORES rows, sorted by machine and released name.

    Args:
        folder: of the submission's files, which name a clip as it was released or with its attributes, with or
            without ``.wav``.
        ground_truth: see `read_ground_truth`.

    Raises:
        UsageError: a file is missing, of no known machine, or malformed; a clip is missing, unknown or given twice, or
            its score is not finite. Names the file and the clip.
    """
    truth = read_ground_truth(ground_truth)
    paths = _paths(Path(folder))
    for (_, machine), path in paths.items():
        if machine not in truth:
            raise UsageError(
                f"{path}: {ground_truth} has no ground truth of this machine; add it or move the file away"
            )
    for machine in truth:
        for kind in _KINDS:
            if (kind, machine) not in paths:
                missing = _file_name(kind, machine, ())
                raise UsageError(f"{folder}: there is no {missing}; a submission needs both files of every machine")
    rows: list[dict[str, Any]] = []
    for machine, clips in sorted(truth.items()):
        score_path, decision_path = (paths[kind, machine] for kind in _KINDS)
        scores = _by_released_name(score_path, read_numbers(score_path), clips)
        flags = _by_released_name(decision_path, read_flags(decision_path), clips)
        rows += [_score_row(machine, clip, scores[clip.name], flags[clip.name]) for clip in clips]
    return pa.Table.from_pylist(rows, schema=SCORES)


def _rows_by_machine(scores: pa.Table) -> dict[Machine, dict[str, tuple[str, int]]]:
    """Machine → clip name → what its two files say of the clip."""
    machines: dict[Machine, dict[str, tuple[str, int]]] = {}
    for machine, name, row in _test_clips(scores):
        rows = machines.setdefault(machine, {})
        if name in rows:
            raise UsageError(
                f"two clips of {machine} are named {name!r}: a submission needs a name per clip; rename one"
            )
        if row["anomaly_score"] is None or row["is_flagged"] is None:
            reason = row["error"] or "no decision"
            raise UsageError(
                f"{name!r} of {machine} cannot be submitted: {reason}; a submission needs every clip scored"
            )
        rows[name] = (repr(row["anomaly_score"]), int(row["is_flagged"]))
    return machines


def _test_clips(scores: pa.Table) -> Iterator[tuple[Machine, str, Mapping[str, Any]]]:
    """Machine, clip name and row of every clip that is not of split ``train``."""
    columns = ["machine_type", "machine_id", "uri", "anomaly_score", "is_flagged", "error"]
    for row in scores.filter(pc.not_equal(scores["split"], "train")).select(columns).to_pylist():
        yield (row["machine_type"], row["machine_id"]), _clip_name(row["uri"]), row


def _clip_name(uri: str) -> str:
    return urllib.parse.unquote(uri.rsplit("/", 1)[-1], errors="surrogateescape")


def _file_name(kind: str, machine: Machine, clip_names: Iterable[str]) -> str:
    names = list(clip_names)
    is_of_2020 = bool(names) and all(_CLIP_OF_2020.match(name) for name in names)
    machine_type, machine_id = (_UNSAFE.sub(_percent_encoded, word) for word in machine)
    machine_id = re.sub(r"^(?:id|section)_", "", machine_id)
    return (
        f"{kind}_{machine_type}_id_{machine_id}.csv"
        if is_of_2020
        else f"{kind}_{machine_type}_section_{machine_id}_test.csv"
    )


def _percent_encoded(match: re.Match[str]) -> str:
    return urllib.parse.quote(match[0], safe="")


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", errors="surrogateescape")


def _paths(folder: Path) -> dict[tuple[str, Machine], Path]:
    paths: dict[tuple[str, Machine], Path] = {}
    for path in sorted(folder.glob("*.csv")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            continue
        machine_type, section = (urllib.parse.unquote(match[group]) for group in ("machine", "section"))
        key = (match["kind"], (machine_type, section))
        if key in paths:
            raise UsageError(f"{path}: {paths[key].name} is of the same machine; keep one of them")
        paths[key] = path
    return paths


def _by_released_name(path: Path, values: Mapping[str, Value], clips: Iterable[TrueClip]) -> dict[str, Value]:
    released = {_stem(name): clip.name for clip in clips for name in (clip.name, *clip.other_names)}
    joined: dict[str, Value] = {}
    for name, value in values.items():
        clip = released.get(_stem(name))
        if clip is None:
            raise UsageError(f"{path}: {name} is not in the ground truth; remove the row or correct its name")
        if clip in joined:
            raise UsageError(f"{path}: {name} is given twice (it is {clip}); give each clip one row")
        joined[clip] = value
    if missing := set(released.values()) - joined.keys():
        raise UsageError(f"{path}: {min(missing)} is missing ({len(missing)} in all); a submission needs every clip")
    return joined


def _stem(name: str) -> str:
    return name.removesuffix(".wav")


def _score_row(machine: Machine, clip: TrueClip, score: float, is_flagged: bool) -> dict[str, Any]:
    uri = "dcase:" + "/".join(
        urllib.parse.quote(part, safe="", errors="surrogateescape") for part in (*machine, clip.name)
    )
    return {
        "clip_id": content_hash(uri.encode()),
        "uri": uri,
        "machine_type": machine[0],
        "machine_id": machine[1],
        "split": "test",
        "domain": clip.domain,
        "attributes": "",
        "condition": "anomalous" if clip.is_anomalous else "normal",
        "date": "undated",
        "size": 0,
        "extra": "{}",
        "anomaly_score": score,
        "is_flagged": is_flagged,
    }
