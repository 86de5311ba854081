"""The names of DCASE Task 2, 2020 to 2026.

    2020         fan/train/normal_id_00_00000000.wav   fan/test/anomaly_id_00_00000000.wav   fan/test/id_01_00000000.wav
    from 2021    fan/train/section_00_source_train_normal_0000_m-n_W.wav    as published for evaluation:
                 fan/test/section_00_0000.wav    fan/source_test/section_03_source_test_0000.wav

The machine type is the folder above, the machine id the two digits behind ``id`` or ``section``. Attributes are kept
whole: their parts are pairs of a key and a value in some years and for some machines only.
"""

from __future__ import annotations

import re

from asd_core.clips.clip import UNPLACED, Placement
from asd_core.clips.conditions import WORDS, condition_of

EXAMPLE = "fan/test/section_00_source_test_normal_0000_noAttribute.wav"

# Folder → split and domain. Supplemental recordings (2025) are neither for training nor for testing.
_FOLDERS = {
    "train": ("train", ""),
    "test": ("test", ""),
    "test_rename": ("test", ""),
    "source_test": ("test", "source"),
    "target_test": ("test", "target"),
    "supplemental": ("", ""),
}
_ID = re.compile(rf"(?:({WORDS})_)?id_(\d{{2}})_\d{{8}}", re.ASCII)
# Each part may be missing: evaluation clips are published without, some of RoboticArm (2022) lack "_test_".
_SECTION = re.compile(
    rf"section_(\d{{2}})(?:_(source|target))?(?:_(train|test))?(?:_({WORDS}))?_(\d{{4,}})(?:_(.*))?",
    re.ASCII | re.DOTALL,
)
_SUPPLEMENTAL = re.compile(r"section_(\d{2})_(.*)", re.ASCII | re.DOTALL)


def place(path: str) -> Placement:
    """The placement of a path ``…/<machine type>/<folder>/<name>``; unplaced where it is none of DCASE.

    An unplaced clip counts as ``test``, so that a run on the test clips reports it.
    """
    machine_type, folder, name = ["", "", *path.rsplit("/", 3)][-3:]
    if folder not in _FOLDERS or not machine_type or "=" in machine_type:
        return Placement(UNPLACED, UNPLACED, "test")
    split, domain = _FOLDERS[folder]
    stem = name.rpartition(".")[0]
    if found := _ID.fullmatch(stem):
        return Placement(machine_type, found[2], split, domain, "", condition_of(found[1] or "") or "")
    if split and (found := _SECTION.fullmatch(stem)):
        section, in_domain, in_split, condition, _, attributes = found.groups(default="")
        return Placement(
            machine_type, section, in_split or split, in_domain or domain, attributes, condition_of(condition) or ""
        )
    if not split:
        found = _SUPPLEMENTAL.fullmatch(stem)
        return Placement(machine_type, found[1], attributes=found[2]) if found else Placement(machine_type, UNPLACED)
    return Placement(machine_type, UNPLACED, split, domain)


def domain_of_2021(uri: str) -> str:
    """The domain of a test clip of 2021, "source" or "target": only that year has a folder for each; "" for others."""
    folder = uri.rpartition("/")[0].rpartition("/")[2]
    return folder.removesuffix("_test") if folder in ("source_test", "target_test") else ""


def superseded(paths: list[str]) -> set[str]:
    """The paths that are copies under other names.

    Once the ground truth is out, the organisers' tool copies ``test/`` to ``test_rename/`` with conditions in the
    names. ``test_rename/`` goes first, unless it holds fewer recordings than ``test/``: then the copy was cut short.
    """
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(path.rpartition("/")[0], []).append(path)
    copies: set[str] = set()
    for folder, renamed in folders.items():
        machine, _, name = folder.rpartition("/")
        released = folders.get(f"{machine}/test" if machine else "test", [])
        if name == "test_rename" and released:
            copies.update(released if len(renamed) >= len(released) else renamed)
    return copies
