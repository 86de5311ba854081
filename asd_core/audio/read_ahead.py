"""A reader of recordings in order; from S3, some are fetched while others are decoded.

A request takes some tens of milliseconds and decoding a clip a few, so a worker that asked for one clip at a time
would mostly wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from asd_core.errors import ClipError
from asd_core.store.file_bytes import FileBytes

Read = Callable[[str, str], bytes] | Callable[[str, str], bytes | FileBytes]
"""Address and clip id → the file's bytes, or the file where it stays on disk; raises ClipError."""

AT_ONCE = 16  # files of S3 that a worker asks for or holds before their turn
_HELD = 64 * 2**20  # bytes that it holds, judged by the largest file so far; one file may be larger


def read_ahead(clips: Iterable[tuple[str, str]], read: Read) -> Iterator[bytes | FileBytes | ClipError]:
    """The bytes of recordings in their order, or their errors; files of a folder are read at their turn.

    Args:
        clips: addresses and clip ids.
        read: called by several threads at once for addresses of S3.
    """

    def attempt(uri: str, clip_id: str) -> bytes | FileBytes | ClipError:
        try:
            return read(uri, clip_id)
        except ClipError as error:
            return error

    waiting: deque[Future[bytes | FileBytes | ClipError]] = deque()
    largest = 0
    with ThreadPoolExecutor(AT_ONCE, "read-ahead") as pool:  # starts no thread before the first task
        try:
            for uri, clip_id in clips:
                is_far = uri.startswith("s3://")
                if is_far:
                    waiting.append(pool.submit(attempt, uri, clip_id))
                while len(waiting) > (min(AT_ONCE, _HELD // largest) if is_far and largest else 0):
                    found = waiting.popleft().result()
                    largest = max(largest, 0 if isinstance(found, ClipError) else len(found))
                    yield found
                if not is_far:
                    yield attempt(uri, clip_id)
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
