"""Many files at once: on S3 each request takes some 30 ms, whatever its size."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

import pyarrow as pa

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.broken_files import named_if_broken
from asd_core.store.files import Files
from asd_core.store.tables import from_parquet

AT_ONCE = 32
"""Requests under way, by default."""

T = TypeVar("T")
U = TypeVar("U")


def read_many(files: Files, paths: Iterable[str], at_once: int = AT_ONCE) -> Iterator[bytes]:
    """Yield the bytes of files in their order; at most ``at_once`` files are held.

    Raises:
        OSError: a file cannot be read, when its turn comes.
    """
    return _in_order(files.read, paths, at_once)


def read_present(files: Files, paths: Iterable[str], at_once: int = AT_ONCE) -> Iterator[bytes | None]:
    """As `read_many`, with None for a file that is not there."""

    def read(path: str) -> bytes | None:
        with suppress(FileNotFoundError):
            return files.read(path)
        return None

    return _in_order(read, paths, at_once)


def which_exist(files: Files, paths: Iterable[str]) -> list[bool]:
    """Tell of each path if there is such a file."""
    return list(_in_order(files.exists, paths, AT_ONCE))


def write_many(files: Files, contents: Mapping[str, bytes]) -> None:
    """Write new files; those that exist stay as they are."""
    list(_in_order(lambda item: files.write_new(*item), contents.items(), AT_ONCE))


def delete_many(files: Files, paths: Iterable[str]) -> None:
    """Remove files."""
    list(_in_order(files.delete, paths, AT_ONCE))


def _in_order(function: Callable[[T], U], items: Iterable[T], at_once: int) -> Iterator[U]:
    waiting = iter(items)
    with ThreadPoolExecutor(at_once) as pool:
        try:
            under_way = deque(pool.submit(function, item) for item in islice(waiting, at_once))
            while under_way:
                yield under_way.popleft().result()
                under_way.extend(pool.submit(function, item) for item in islice(waiting, 1))
        finally:
            pool.shutdown(cancel_futures=True)


def committed_tables(
    files: Files, record: Mapping[str, Any], checksums: Mapping[str, str], columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """The tables of a run, in order.

    Args:
        files: of the store.
        record: of the run, for what is said.
        checksums: path → hash of the file's bytes, as the record has them.
        columns: only these.

    Raises:
        AsdError: a file is missing or its bytes are not those that were committed.
    """
    for (path, checksum), data in zip(checksums.items(), read_present(files, checksums), strict=True):
        if data is None:
            raise AsdError(f"run {record['run_id']} names {path}, which is gone from the store; restore it")
        if content_hash(data) != checksum:
            raise AsdError(f"run {record['run_id']} names {path}, whose bytes have changed since; restore it")
        with named_if_broken(path):
            table = from_parquet(data, columns)
        yield table
