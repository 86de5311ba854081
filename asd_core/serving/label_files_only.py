"""Files of a store in which nothing but labels is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from asd_core.store.files import FileInfo, Files, none_closed

_LABELS = "labels/"


class LabelFilesOnly:
    """A store's files for a server.

    Readers of a store now and then keep what they worked out. Here that is dropped: it can be worked out again, and a
    server that cannot write a score, a record or a report cannot be made to.

    Args:
        files: of the store.
    """

    def __init__(self, files: Files) -> None:
        self._files, self.url = files, files.url

    def list(self, prefix: str = "", closed: Callable[[str], bool] = none_closed) -> list[FileInfo]:
        """See `Files.list`."""
        return self._files.list(prefix, closed)

    def read(self, path: str) -> bytes:
        """See `Files.read`."""
        return self._files.read(path)

    def write(self, path: str, data: bytes) -> None:
        """Drop it: labels are new files, each."""

    def write_new(self, path: str, data: bytes) -> bool:
        """See `Files.write_new`; what is no label is dropped."""
        return not path.startswith(_LABELS) or self._files.write_new(path, data)

    def exists(self, path: str) -> bool:
        """See `Files.exists`."""
        return self._files.exists(path)

    def delete(self, path: str) -> None:
        """Nothing is removed."""

    def delete_all(self, paths: Sequence[str]) -> None:
        """Nothing is removed."""

    def leftovers(self) -> Sequence[FileInfo]:
        """See `Files.leftovers`."""
        return self._files.leftovers()

    def remove_leftovers(self, seconds: float) -> None:
        """Nothing is removed."""

    def uri(self, path: str) -> str:
        """See `Files.uri`."""
        return self._files.uri(path)

    def address(self, path: str) -> str:
        """See `Files.address`."""
        return self._files.address(path)
