"""Files of a folder as this node has them: where they are, or copies in its temporary folder.

A folder that is mounted on every node is read where it is, and processes share its pages. What lies on S3 is copied
once a node; a copy is whole or not there, so that workers of one node can share it without asking each other.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from asd_core.files import LocalFiles, open_files


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
