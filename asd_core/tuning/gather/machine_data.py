"""What settings are tried on: the embeddings of one machine's clips under every encoder searched, as arrays on disk.

    <folder>/<name>.json                        the clips, and which arrays there are; written last
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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.build import EncoderConfig
from asd_core.errors import AsdError, UsageError
from asd_core.store.addresses import open_files
from asd_core.store.local_files import LocalFiles
from asd_core.tuning.gather.passes import apart, pass_name
from asd_core.tuning.space.space import Space


class GatheredDataError(AsdError):
    """What was gathered is gone or broken: no fault of a setting, and another time it may be there."""


@dataclass(frozen=True)
class MachineData:
    """One machine's normal clips to fit to (N) and validation clips to judge on (M); a reference, cheap to send.

    Attributes:
        machine_type: whose.
        machine_id: whose.
        folder: where the arrays lie: a path that is the same for every process, or an address.
        name: of its file there, without ``.json``.
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
        """(N,) "source", "target" or "" of the clips fitted to."""
        return np.array(self._contents["normal_domains"], np.str_)

    @property
    def clip_ids(self) -> list[str]:
        """(M,) of the clips judged on."""
        return list(self._contents["clip_ids"])

    @property
    def is_anomalous(self) -> NDArray[np.bool_]:
        """(M,) the labels of the clips judged on."""
        return np.array(self._contents["is_anomalous"], np.bool_)

    @property
    def domains(self) -> NDArray[np.str_]:
        """(M,) "source", "target" or "" of the clips judged on."""
        return np.array(self._contents["domains"], np.str_)

    @property
    def recordings(self) -> NDArray[np.str_]:
        """(M,) what each clip judged on was made from: its own id, but for simulated anomalies."""
        return np.array(self._contents["recordings"], np.str_)

    @property
    def auc_level_only(self) -> float | None:
        """AUC of the trivial twin of a score, how far a level lies from the normal clips' median; None: not heard."""
        value = self._contents["auc_level_only"]
        return None if value is None else float(value)

    def embeddings(self, encoder: EncoderConfig) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Embeddings of the clips fitted to (N, D) and judged on (M, D) under one of the encoders gathered for.

        Raises:
            AsdError: another encoder.
            GatheredDataError: files that are gone or broken.
        """
        entry = self._contents["passes"].get(pass_name(encoder))
        r = apart(encoder)[1]
        if entry is None or (r is not None and r not in entry["r"]):
            raise AsdError(
                f"{self.machine_type} {self.machine_id}: nothing was gathered for encoder {encoder.kind} with "
                f"{encoder.options}: gather for the settings that are evaluated"
            )
        plane = 0 if r is None else entry["r"].index(r)
        try:
            root = at_hand(self.folder, entry["parts"], self.name)
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
        return _read(self.folder, self.name)


@lru_cache(maxsize=256)
def _read(folder: str, name: str) -> dict[str, Any]:
    try:
        contents: dict[str, Any] = json.loads(open_files(folder).read(f"{name}.json"))
    except (OSError, ValueError) as error:
        raise GatheredDataError(
            f"{folder}/{name}.json is gone or broken ({error}): run the same command again"
        ) from error
    return contents


def check_reach(space: Space, normals: Sequence[tuple[str, str, int]]) -> None:
    """Refuse settings that ask for more clips than a machine has to fit to.

    Args:
        space: of the settings.
        normals: machine type, machine id and how many normal clips there are to fit to.

    Raises:
        UsageError: more neighbours, components or clusters than normal clips.
    """
    limits: Mapping[str, str] = {
        "detector.k": "a bank",
        "detector.density_k": "a bank without the clip itself",
        "detector.n_components": "a mixture",
        "detector.n_clusters": "k-means",
    }
    for dimension in space.dimensions:
        if dimension.name not in limits:
            continue
        largest = max(dimension.values or (dimension.high,))
        for machine_type, machine_id, count in normals:
            total = count - (dimension.name == "detector.density_k")
            if isinstance(largest, int | float) and largest > total:
                raise UsageError(
                    f"{dimension.name} goes up to {largest}, but {machine_type} {machine_id} has only "
                    f"{total} normal clips for {limits[dimension.name]}: lower it, or give the machine more clips"
                )


def at_hand(folder: str, paths: Sequence[str], version: str = "") -> Path:
    """A local folder that holds these files under these paths.

    Args:
        folder: a local path or an address.
        paths: relative to it.
        version: of the files: copies of another are not taken for them.

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


def forget(folder: str) -> None:
    """Remove this node's copies of a folder's files, where it has any."""
    files = open_files(folder)
    if not isinstance(files, LocalFiles):
        shutil.rmtree(_copies_of(files.url), ignore_errors=True)


def _copies_of(url: str) -> Path:
    return Path(tempfile.gettempdir()) / f"asd-copies-{hashlib.blake2b(url.encode(), digest_size=12).hexdigest()}"
