"""The data of one machine in a search: embeddings of its clips under every encoder searched, as arrays on disk.

    <folder>/<name>.json                        the clips, and the paths of the arrays; written last
    <folder>/<clips>/<pass>-<part>.npy          (R, n, D) float32: embeddings of a part of the clips, for each r

A `MachineData` holds paths only. Arrays are mapped into memory when they are read, so that all processes of a node
share one copy in the page cache and each holds one embedding matrix at a time.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.config import EncoderConfig
from asd_core.errors import AsdError
from asd_core.evaluation.metrics import OneClassError, auc
from asd_core.store.addresses import open_files
from asd_core.store.files import Files
from asd_core.store.local_files import LocalFiles
from asd_core.synthesis.validation import ValidationClip
from asd_core.tuning.gather.encoder_passes import pass_name, split_r
from asd_core.tuning.gather.from_audio import ClipOutcome, array_path, cut
from asd_core.tuning.gather.machine_plan import MachinePlan, digest

STORE_PART = 99_999
"""Number of the one part in which embeddings from the store are kept."""


class GatheredDataError(AsdError):
    """Gathered data is gone or broken: no fault of a setting, and another time it may be there."""


@dataclass(frozen=True)
class MachineData:
    """One machine's normal clips to fit to (N) and validation clips to judge on (M); a reference, cheap to send.

    Attributes:
        machine_type: as in CLIPS.
        machine_id: as in CLIPS.
        folder: of the arrays: a path that is the same for every process, or an address.
        name: of the machine's file there, without ``.json``.
    """

    machine_type: str
    machine_id: str
    folder: str
    name: str

    @property
    def fingerprint(self) -> str:
        """Hash of the clips fitted to and judged on, their labels and domains included; 32 hex digits."""
        return str(self._contents["fingerprint"])

    @property
    def normal_domains(self) -> NDArray[np.str_]:
        """Domains of the clips fitted to, (N,): "source", "target" or ""."""
        return np.array(self._contents["normal_domains"], np.str_)

    @property
    def clip_ids(self) -> list[str]:
        """Ids of the clips judged on, (M,)."""
        return list(self._contents["clip_ids"])

    @property
    def is_anomalous(self) -> NDArray[np.bool_]:
        """Labels of the clips judged on, (M,)."""
        return np.array(self._contents["is_anomalous"], np.bool_)

    @property
    def domains(self) -> NDArray[np.str_]:
        """Domains of the clips judged on, (M,): "source", "target" or ""."""
        return np.array(self._contents["domains"], np.str_)

    @property
    def recordings(self) -> NDArray[np.str_]:
        """Recording ids of the clips judged on, (M,): a clip's own id, but for simulated anomalies."""
        return np.array(self._contents["recordings"], np.str_)

    @property
    def auc_level_only(self) -> float | None:
        """AUC of the trivial twin of a score, the distance of a level from the normals' median; None: level unknown."""
        value: float | None = self._contents["auc_level_only"]
        return value

    def embeddings(self, encoder: EncoderConfig) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Embeddings of the clips fitted to (N, D) and judged on (M, D) under one of the encoders gathered for.

        Raises:
            AsdError: another encoder.
            GatheredDataError: files that are gone or broken.
        """
        entry = self._contents["passes"].get(pass_name(encoder))
        r = split_r(encoder)[1]
        if entry is None or (r is not None and r not in entry["r"]):
            raise AsdError(
                f"{self.machine_type} {self.machine_id}: nothing was gathered for encoder {encoder.kind} with "
                f"{encoder.options}: gather for the settings that are evaluated"
            )
        plane = 0 if r is None else entry["r"].index(r)
        try:
            root = local_copy(self.folder, entry["parts"], self.name)
            parts = [np.load(root / path, mmap_mode="r")[plane] for path in entry["parts"]]
            rows = np.concatenate(parts)[self._contents["usable"]]
        except (OSError, ValueError, IndexError) as error:
            raise GatheredDataError(
                f"gathered arrays are gone or broken ({error}): remove the folder {self.folder}, from which everything "
                "can be made again, and run the same command again"
            ) from error
        normals = len(self._contents["normal_domains"])
        return rows[:normals], rows[normals:]

    @property
    def _contents(self) -> dict[str, Any]:
        return _contents(self.folder, self.name)


@lru_cache(maxsize=256)
def _contents(folder: str, name: str) -> dict[str, Any]:
    try:
        return read_machine_file(open_files(folder), name)
    except (OSError, ValueError) as error:
        raise GatheredDataError(
            f"{folder}/{name}.json is gone or broken ({error}): run the same command again"
        ) from error


def read_machine_file(files: Files, name: str) -> dict[str, Any]:
    """The contents of a machine's file as it is now; a `MachineData` remembers those it has read."""
    contents: dict[str, Any] = json.loads(files.read(f"{name}.json"))
    return contents


def is_whole(files: Files, name: str) -> bool:
    """True where a machine's file is there, and every array that it names."""
    if not files.exists(f"{name}.json"):
        return False
    try:
        passes = read_machine_file(files, name)["passes"]
    except ValueError:  # cut off: it is made again
        return False
    return all(files.exists(path) for one in passes.values() for path in one["parts"])


def write_machine_file(files: Files, plan: MachinePlan, outcomes: Sequence[ClipOutcome]) -> str:
    """Write the file of a machine whose arrays are written; returns its name.

    Args:
        files: take it.
        plan: of the machine.
        outcomes: of the plan's clips.
    """
    usable = [outcome.reason is None for outcome in outcomes]
    kept = [clip for clip, is_usable in zip(plan.clips, usable, strict=True) if is_usable]
    normals = sum(usable[: plan.normals])
    judged = kept[normals:]
    numbers = range(len(cut(plan.normals)) + len(cut(len(plan.clips) - plan.normals)))
    passes = {}
    for one in plan.passes:
        parts = [STORE_PART] if one in plan.from_store else numbers
        passes[one.name] = {"r": one.r, "parts": [array_path(plan.clips_digest, one, number) for number in parts]}
    contents = {
        "machine_type": plan.machine_type,
        "machine_id": plan.machine_id,
        "fingerprint": digest([normals, [asdict(clip) for clip in kept]]),
        "usable": usable,
        "normal_domains": [clip.domain for clip in kept[:normals]],
        "clip_ids": [clip.clip_id for clip in judged],
        "recordings": [clip.recording_id for clip in judged],
        "is_anomalous": [clip.is_anomalous for clip in judged],
        "domains": [clip.domain for clip in judged],
        "auc_level_only": _auc_level_only(judged, [one.level_db for one in outcomes if one.reason is None], normals),
        "passes": passes,
        "left_out": [
            (clip.clip_id, clip.uri, outcome.reason, outcome.message)
            for clip, outcome in zip(plan.clips, outcomes, strict=True)
            if outcome.reason is not None
        ],
    }
    # Clips that can be read another time are no lasting part of the name, so that they are tried again then.
    is_final = not any(outcome.transient for outcome in outcomes)
    name = plan.name if is_final else f"{plan.name}-{digest(usable)[:8]}"
    files.write(f"{name}.json", json.dumps(contents).encode())
    return name


def _auc_level_only(judged: Sequence[ValidationClip], levels: Sequence[float | None], normals: int) -> float | None:
    """AUC of the judged clips' distance in level from the median of the normals, whose levels come first."""
    known = np.array([level for level in levels if level is not None], np.float64)
    if not normals or len(known) < len(levels):
        return None
    try:
        return auc(np.abs(known[normals:] - np.median(known[:normals])), [clip.is_anomalous for clip in judged])
    except OneClassError:
        return None


def local_copy(folder: str, paths: Sequence[str], version: str = "") -> Path:
    """A local folder that holds these files under these paths: the folder itself, or this node's copies.

    Args:
        folder: a local path or an address.
        paths: relative to it.
        version: of the files: copies of another version are not used.

    Raises:
        OSError: one of them is not there, or cannot be read or copied.
    """
    files = open_files(folder)
    if isinstance(files, LocalFiles):
        return files.root
    copies = _copies_of(files.url) / version
    for path in paths:
        if not (copies / path).exists():
            (copies / path).parent.mkdir(parents=True, exist_ok=True)
            temporary = copies / f".part-{os.getpid()}-{secrets.token_hex(8)}"
            temporary.write_bytes(files.read(path))
            temporary.replace(copies / path)
    return copies


def remove_local_copy(folder: str) -> None:
    """Remove this node's copies of a folder's files, where it has any."""
    files = open_files(folder)
    if not isinstance(files, LocalFiles):
        shutil.rmtree(_copies_of(files.url), ignore_errors=True)


def _copies_of(url: str) -> Path:
    return Path(tempfile.gettempdir()) / f"asd-copies-{hashlib.blake2b(url.encode(), digest_size=12).hexdigest()}"
