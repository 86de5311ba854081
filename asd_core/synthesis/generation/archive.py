"""Generated clips in a store.

synthetic/<NAME>/<digest>/<machine type>/test/section_00_source_test_normal_0000_<attributes>.wav
synthetic/<NAME>/<digest>/clips.parquet          rows of SYNTHETIC_CLIPS, a manifest of the folder; written last
synthetic/<NAME>/under_way/<digest>/<shard>.parquet   rows of the shards that are done, until all are

The folder of a digest is an archive like any other: ``asd tune --validation`` takes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from asd_core.errors import AsdError
from asd_core.store.files import Files
from asd_core.store.layout import safe_name
from asd_core.store.many_files import delete_many, read_many
from asd_core.store.tables import from_parquet, to_parquet
from asd_core.synthesis.generation.plan import PlannedClip

SYNTHETIC_CLIPS = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),  # relative to this table; no file where there is an error
        pa.field("machine_type", pa.string(), nullable=False),  # of the label that the clip was made from
        pa.field("machine_id", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),  # always "test"
        pa.field("domain", pa.string(), nullable=False),  # "source", "target" or ""
        pa.field("attributes", pa.string(), nullable=False),  # "" where the label has none
        pa.field("condition", pa.string(), nullable=False),  # "normal" or "anomalous"
        pa.field("number", pa.int64(), nullable=False),  # among the clips of its machine and condition, from 0
        pa.field("caption", pa.string(), nullable=False),  # that the model was given
        pa.field("seed", pa.int64()),  # of the candidate that was kept; null where none was
        pa.field("candidate", pa.int64()),  # its number, from 0; null where none was kept
        pa.field("similarity", pa.float64()),  # cosine of the sound and its caption; null where nothing was compared
        pa.field("level_db", pa.float64()),  # rms of the clip as it was made, dB re full scale; null for an error
        pa.field("seconds", pa.float64()),  # null for an error
        pa.field("size", pa.int64()),  # bytes; null for an error
        pa.field("sha256", pa.string()),  # of the file; null for an error
        pa.field("error_reason", pa.string()),  # "silent", "not_finite" or "duplicate"; null where the clip is good
        pa.field("error", pa.string()),  # one line for people; null where the clip is good
        pa.field("generator", pa.string(), nullable=False),  # digest of the weights
        pa.field("note", pa.string(), nullable=False),  # says where weights are random; "" otherwise
    ]
)
"""One row per planned clip of an archive of generated clips."""

TABLE = "clips.parquet"


def folder_of(name: str, digest: str) -> str:
    """Folder of an archive of generated clips."""
    return f"synthetic/{safe_name(name)}/{digest}"


@dataclass(frozen=True)
class Parts:
    """The rows of shards that are done, beside the clips themselves.

    Attributes:
        name: of the archive.
        digest: of its plan.
    """

    name: str
    digest: str

    @property
    def table(self) -> str:
        """Path of the table of the complete archive."""
        return f"{folder_of(self.name, self.digest)}/{TABLE}"

    @property
    def folder(self) -> str:
        """Folder of the rows."""
        return f"synthetic/{safe_name(self.name)}/under_way/{self.digest}"

    def write(self, files: Files, shard: int, rows: pa.Table) -> None:
        """Keep the rows of a shard, whose clips are written already."""
        files.write(f"{self.folder}/{shard:06d}.parquet", to_parquet(rows.cast(SYNTHETIC_CLIPS)))

    def read(self, files: Files) -> dict[str, dict[str, Any]]:
        """Path → row of the clips that are done, in this run or in a complete one, and lie there in their full size."""
        folder = folder_of(self.name, self.digest)
        paths = [info.path for info in files.list(self.folder) if info.path.endswith(".parquet")]
        sizes = {info.path.removeprefix(f"{folder}/"): info.size for info in files.list(folder)}
        rows: dict[str, dict[str, Any]] = {}
        for data in read_many(files, [*paths, *([f"{folder}/{TABLE}"] if TABLE in sizes else [])]):
            try:
                rows |= {row["path"]: row for row in from_parquet(data).to_pylist()}
            except pa.ArrowException:  # cut short on a disk of its own: made again
                continue
        return {path: row for path, row in rows.items() if row["size"] is None or row["size"] == sizes.get(path)}

    def remove(self, files: Files) -> None:
        """Forget the rows, once the archive is complete."""
        delete_many(files, [info.path for info in files.list(self.folder)])


def row_of(clip: PlannedClip, generator: str, note: str, **found: Any) -> dict[str, Any]:
    """A row of SYNTHETIC_CLIPS as a dictionary.

    Args:
        clip: as it was planned.
        generator: digest of the weights.
        note: on random weights.
        found: further columns; those left out are null.
    """
    told = ("path", "machine_type", "machine_id", "domain", "attributes", "condition", "number", "caption")
    row = dict.fromkeys(SYNTHETIC_CLIPS.names) | {name: getattr(clip, name) for name in told}
    return row | {"split": "test", "generator": generator, "note": note} | found


def sha256_of(data: bytes) -> str:
    """The SHA-256 of a file, as ``sha256sum`` prints it."""
    return hashlib.sha256(data).hexdigest()


def without_duplicates(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows in their order; of files with the same bytes the first stays, the others are refused."""
    first: dict[str, str] = {}
    kept = []
    for row in rows:
        sha256 = row["sha256"]
        if sha256 is not None and first.setdefault(sha256, row["path"]) != row["path"]:
            message = f"the same bytes as {first[sha256]}"
            gone = dict.fromkeys(("level_db", "seconds", "size", "sha256"))
            row = row | gone | {"error_reason": "duplicate", "error": message}
        kept.append(row)
    return kept


def finish(files: Files, parts: Parts, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Write the table of an archive whose shards are all done, without files of refused clips; rows by path.

    Raises:
        AsdError: not one clip could be kept.
    """
    checked = without_duplicates(sorted(rows, key=lambda row: row["path"]))
    if all(row["error_reason"] for row in checked):
        raise AsdError(f"none of {len(checked)} generated clips can be used; the first: {checked[0]['error']}")
    refused = [row["path"] for row in checked if row["error_reason"]]
    delete_many(files, [f"{folder_of(parts.name, parts.digest)}/{path}" for path in refused])
    table = pa.Table.from_pylist(checked, SYNTHETIC_CLIPS)
    files.write(parts.table, to_parquet(table))
    return table
