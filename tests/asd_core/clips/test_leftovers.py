from __future__ import annotations

import pytest

from asd_core.clips.leftovers import is_leftover, is_leftover_folder


@pytest.mark.parametrize(
    "name",
    [
        *("__MACOSX", ".Trashes", ".Spotlight-V100", ".fseventsd", ".AppleDouble", ".TemporaryItems"),
        *("$RECYCLE.BIN", "$Recycle.Bin", "RECYCLER", "System Volume Information", "FOUND.001"),
        *("lost+found", ".Trash-1000", ".snapshot", ".zfs", "~snapshot"),
        *("@eaDir", "#recycle", "#snapshot", ".git", ".ipynb_checkpoints", "__pycache__", ".stversions"),
    ],
)
def test_folders_of_systems_and_tools_are_known(name: str) -> None:
    assert is_leftover_folder(name)


def test_folders_of_recordings_are_none() -> None:
    names = ("machine_type=fan", "2026-11-19", "snapshot", "recycling", "id_00", "lost", "tmp", "")
    assert not any(map(is_leftover_folder, names))


@pytest.mark.parametrize("path", ["a/._x.wav", ".DS_Store", "a/Thumbs.db", "a/.x.wav.AbC123", "~$x.wav", "a/@eaDir/"])
def test_files_of_systems_and_tools_are_known(path: str) -> None:
    assert is_leftover(path)


def test_recordings_are_none() -> None:
    assert not any(map(is_leftover, ("a/x.wav", "a/_x.wav", "a.b/~x.wav", "x.wav~")))
