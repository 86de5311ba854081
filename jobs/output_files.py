"""Files that a command writes beside its answer."""

from __future__ import annotations

from collections.abc import Mapping


def write_files(folder: str, files: Mapping[str, bytes]) -> None:
    """Write files under a folder, each as a whole."""
    from asd_core.store.addresses import open_files

    place = open_files(folder)
    for name, data in files.items():
        place.write(name, data)
