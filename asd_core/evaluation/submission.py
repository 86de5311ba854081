"""DCASE submission files, written from scores; `asd_core.evaluation.submitted` reads them.

Conventions:
    A submission is a folder of header-less CSV files, two for each machine:
    ``anomaly_score_<machine>_section_<ss>_test.csv`` (clip, anomaly score) and
    ``decision_result_<machine>_section_<ss>_test.csv`` (clip, 1 where flagged). For the clips of 2020 they end in
    ``_<machine>_id_<id>.csv`` instead. Those of 2021 come domain by domain, in ``_section_<ss>_source_test.csv`` and
    ``_section_<ss>_target_test.csv``. Characters that are unsafe in a file name are percent-encoded.
"""

from __future__ import annotations

import csv
import io
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from asd_core.clips.dcase import domain_of_2021
from asd_core.clips.splits import by_split
from asd_core.errors import UsageError
from asd_core.evaluation.ground_truth import Machine

_LONGEST = 200  # bytes of a machine's names: file systems take 255, and what is measured stands beside them
_KINDS = ("anomaly_score", "decision_result")
_UNSAFE = re.compile(r'[/\\%:*?"<>|\x00-\x1f\x7f-\x9f]')
_CLIP_OF_2020 = re.compile(r"(?:(?:normal|anomaly)_)?id_")


def unsubmittable(scores: pa.Table) -> dict[Machine, str]:
    """The machines of SCORES rows that a submission cannot hold, with a short reason; sorted by machine."""
    seen: set[tuple[Machine, str, str]] = set()
    reasons: dict[Machine, str] = {}
    for machine, part, name, row in _test_clips(scores):
        if row["anomaly_score"] is None or row["is_flagged"] is None:
            reasons[machine] = "clips that have no score"
        elif (machine, part, name) in seen:
            reasons.setdefault(machine, "clips of one file name")
        elif len("_".join(machine).encode()) > _LONGEST:
            reasons.setdefault(machine, "a name too long for a file")
        seen.add((machine, part, name))
    return dict(sorted(reasons.items()))


def submission_files(scores: pa.Table) -> dict[str, bytes]:
    """The submission files of SCORES rows, by file name: those of split ``test``.

    Where no row is of split ``test``, the rows of no split are submitted; see `asd_core.clips.splits`.

    Rows are sorted by clip name, the last part of the uri. Scores keep every digit of the float64.

    Raises:
        UsageError: a clip has no score or no decision, two clips of a machine have one name, or two machines one file.
    """
    files: dict[str, bytes] = {}
    for (machine, part), rows in sorted(_rows_by_machine(scores).items()):
        for column, kind in enumerate(_KINDS):
            name = _file_name(kind, machine, part, rows)
            if name in files:
                raise UsageError(f"two machines would be written to {name}, one of them {machine}: rename one")
            files[name] = _csv((clip, values[column]) for clip, values in sorted(rows.items()))
    return files


def _rows_by_machine(scores: pa.Table) -> dict[tuple[Machine, str], dict[str, tuple[str, int]]]:
    """Machine and part → clip name → what its two files say of the clip."""
    machines: dict[tuple[Machine, str], dict[str, tuple[str, int]]] = {}
    for machine, part, name, row in _test_clips(scores):
        rows = machines.setdefault((machine, part), {})
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


def _test_clips(scores: pa.Table) -> Iterator[tuple[Machine, str, str, Mapping[str, Any]]]:
    """Machine, part (``test``, ``source_test`` or ``target_test``), clip name and row of every clip to be submitted."""
    columns = ["machine_type", "machine_id", "uri", "anomaly_score", "is_flagged", "error"]
    for row in by_split(scores).select(columns).to_pylist():
        domain = domain_of_2021(row["uri"])
        part = f"{domain}_test" if domain else "test"
        yield (row["machine_type"], row["machine_id"]), part, _clip_name(row["uri"]), row


def _clip_name(uri: str) -> str:
    return urllib.parse.unquote(uri.rsplit("/", 1)[-1], errors="surrogateescape")


def _file_name(kind: str, machine: Machine, part: str, clip_names: Iterable[str]) -> str:
    names = list(clip_names)
    is_of_2020 = bool(names) and all(_CLIP_OF_2020.match(name) for name in names)
    machine_type, machine_id = (_UNSAFE.sub(_percent_encoded, word) for word in machine)
    machine_id = re.sub(r"^(?:id|section)_", "", machine_id)
    return (
        f"{kind}_{machine_type}_id_{machine_id}.csv"
        if is_of_2020
        else f"{kind}_{machine_type}_section_{machine_id}_{part}.csv"
    )


def _percent_encoded(match: re.Match[str]) -> str:
    return urllib.parse.quote(match[0], safe="")


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", errors="surrogateescape")
