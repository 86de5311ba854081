"""Work of the host that goes on while a device computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_END = object()


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The items in their order; a thread makes the next one while the last one is worked on.

    Raises:
        Exception: whatever making an item raises, at its turn.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(1, "ahead") as pool:
        waiting = pool.submit(next, iterator, _END)
        while (item := waiting.result()) is not _END:
            waiting = pool.submit(next, iterator, _END)
            yield item  # type: ignore[misc]
