"""Many files at once: on S3 each request takes some 30 ms, whatever its size."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from asd_core.store.files import Files

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


def write_many(files: Files, contents: Mapping[str, bytes]) -> None:
    """Write new files; those that exist stay as they are."""
    for _ in _in_order(lambda item: files.write_new(*item), contents.items(), AT_ONCE):
        pass


def delete_many(files: Files, paths: Iterable[str]) -> None:
    """Remove files."""
    for _ in _in_order(files.delete, paths, AT_ONCE):
        pass


def _in_order(function: Callable[[T], U], items: Iterable[T], at_once: int) -> Iterator[U]:
    waiting = list(items)
    if len(waiting) < 2:
        yield from map(function, waiting)
        return
    under_way: deque[Future[U]] = deque()
    with ThreadPoolExecutor(min(at_once, len(waiting))) as pool:
        try:
            for item in waiting:
                if len(under_way) == at_once:
                    yield under_way.popleft().result()
                under_way.append(pool.submit(function, item))
            while under_way:
                yield under_way.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
