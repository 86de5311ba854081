"""Folders and files that operating systems and tools leave beside recordings: bins, snapshots, resource forks.

They hold deleted or older copies of recordings, or bytes under a recording's name that are none. Folders of that kind
are never opened: some may not be, and a snapshot lists the whole archive again.
"""

from __future__ import annotations

import re

_FOLDERS = frozenset(
    (
        *("__macosx", "network trash folder", "temporary items"),  # macOS
        *("$recycle.bin", "recycler", "recycled", "system volume information", "$extend"),  # Windows
        *("lost+found", "trash-1000", "lost.dir"),  # Linux, Android
        *("#recycle", "#snapshot", "@eadir", "@tmp", "@recycle", "@recently-snapshot", "@sharebin"),  # Synology, QNAP
        *("~snapshot", "snapshot~"),  # NetApp
        *("__pycache__", "_temporary", "_gsdata_"),  # Python, Spark, GoodSync
    )
)
_FOUND = re.compile(r"found\.\d{3}", re.IGNORECASE | re.ASCII)  # pieces that Windows' disk check recovered
_FILES = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "_success"))


def is_leftover_folder(name: str) -> bool:
    """True for the name of a folder that is never opened: a hidden one (``.Trash-1000``, ``.git``), or a known one."""
    return name.startswith(".") or name.lower() in _FOLDERS or _FOUND.fullmatch(name) is not None


def is_leftover(path: str) -> bool:
    """True for the path of a file that is no recording, whatever its ending: ``._a.wav``, ``.a.wav.AbC123``.

    A path that ends in ``/`` is a folder that was not opened.
    """
    name = path.rpartition("/")[2]
    return not name or name.startswith((".", "~$")) or name.lower() in _FILES
