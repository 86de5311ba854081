"""NumPy's .npz files from elsewhere, read without trust in what they tell of themselves."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.errors import UsageError

# Unpacked bytes of a file: numbers pack to a quarter, and zeros are no embeddings.
_BYTES_A_BYTE, _BYTES_ALWAYS = 64, 64 << 20
UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    RuntimeError,
    OverflowError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
    pa.ArrowException,
)
"""Errors that readers of Parquet and .npz raise for broken files."""

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_npz(path: Path, names: Sequence[str]) -> list[NDArray[Any]]:
    """The arrays of these names, in their order. Nothing is unpickled.

    Args:
        path: of the file.
        names: of arrays.

    Raises:
        UsageError: an array is missing, holds Python objects, or tells of another size than it has; together they
            unpack to more than 64 MiB and to more than 64 times the file.
        zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError: it is no such
            file, or is broken, packed in another way, or encrypted.
    """
    size = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if not set(names) <= set(members):
            needed = " and ".join([", ".join(names[:-1]), names[-1]])
            raise UsageError(f"{path} holds {', '.join(members) or 'nothing'}: it needs {needed}")
        unpacked = sum(members[name].file_size for name in names)
        if unpacked > max(_BYTES_ALWAYS, _BYTES_A_BYTE * size):
            raise UsageError(f"{path}: {size} bytes unpack to {unpacked}, as no numbers do: it is broken, or a trap")
        for name in names:
            _check_member(archive, members[name], f"{path}: {name}")
    with np.load(path, allow_pickle=False) as arrays:
        return [arrays[name] for name in names]


def _check_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> None:
    """Refuse an array of objects, and one whose header tells of more or less than is there: it would be made first."""
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)  # type: ignore[no-untyped-call]  # numpy's
        if version not in _HEADERS:
            raise UsageError(f"{name} is of version {version} of NumPy's format: save it with numpy.savez")
        shape, _, kind = _HEADERS[version](member)  # type: ignore[no-untyped-call]  # numpy's
        if kind.hasobject:
            raise UsageError(f"{name} holds Python objects, which are never read: save numbers")
        told, there = math.prod(shape) * kind.itemsize, info.file_size - member.tell()
    if told != there:
        raise UsageError(f"{name} tells of {told} bytes and has {there}: it is broken")
