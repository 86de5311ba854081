"""An iterator that works ahead in a thread of its own."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

_LOOK_SECONDS = 0.1


def ahead(items: Iterator[T], count: int) -> Generator[T, None, None]:
    """The items in their order, at most ``count`` of them made before they are taken.

    What the iterator raises is raised where its item would have come. Closed early, it stops after the item it is at.
    """
    waiting: Queue[tuple[str, T | BaseException | None]] = Queue(count)
    stopped = Event()

    def put(kind: str, value: T | BaseException | None) -> bool:
        while not stopped.is_set():
            try:
                waiting.put((kind, value), timeout=_LOOK_SECONDS)
            except Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in items:
                if not put("item", item):
                    break
            put("end", None)
        except BaseException as error:
            put("error", error)
        finally:
            if isinstance(items, Generator):
                items.close()

    thread = Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while (told := waiting.get())[0] != "end":
            if isinstance(told[1], BaseException) and told[0] == "error":
                raise told[1]
            yield told[1]  # type: ignore[misc]
    finally:
        stopped.set()
        thread.join()
