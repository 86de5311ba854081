"""File names of generated clips in the DCASE layout, which tell machine, domain, condition and attributes.

    fan/test/section_00_source_test_normal_0007_m-n_W.wav

`asd_core.clips.dcase.place` reads all of it back. Words that cannot stand in a file name are percent-encoded, and a
machine id other than two digits is not told by any DCASE name: then the table of the clips, a manifest, tells it.
"""

from __future__ import annotations

import urllib.parse

from asd_core.clips.dcase import place
from asd_core.clips.leftovers import is_leftover_folder
from asd_core.digest import name_hash
from asd_core.store.layout import safe_name

_CONDITIONS = {"normal": "normal", "anomalous": "anomaly"}
# Bytes of the 255 that a file's name may have.
_SECTION, _ATTRIBUTES, _FOLDER = 60, 120, 200


def clip_path(
    machine_type: str, machine_id: str, domain: str, condition: str, number: int, attributes: str = ""
) -> str:
    """Path of a generated clip, relative to its archive.

    Args:
        machine_type: of the label that it is made from, as the next ones.
        machine_id: the two digits of a section.
        domain: ``source``, ``target`` or "".
        condition: ``normal`` or ``anomalous``.
        number: of the clip among those of its machine and condition.
        attributes: as a DCASE name writes them.
    """
    section, word = _name(machine_id, _SECTION, no="_"), _CONDITIONS[condition]
    parts = ["section", section, domain, "test", word, f"{number:04d}", _name(attributes, _ATTRIBUTES)]
    return f"{_folder(machine_type)}/test/{'_'.join(filter(None, parts))}.wav"


def tells_machine(path: str, machine_type: str, machine_id: str, domain: str, condition: str) -> bool:
    """Tell if a path alone gives machine, domain and condition back."""
    found = place(path)
    return (found.machine_type, found.machine_id, found.domain, found.condition, found.split) == (
        *(machine_type, machine_id, domain, condition),
        "test",
    )


def _folder(machine_type: str) -> str:
    """A machine type as a folder that a listing opens."""
    folder = _name(machine_type, _FOLDER) or safe_name(machine_type)
    if folder.startswith("."):
        return safe_name(folder)
    return f"%{ord(folder[0]):02X}{folder[1:]}" if is_leftover_folder(folder) else folder


def _name(word: str, longest: int, no: str = "") -> str:
    """A word as a part of a file name: as it is, or percent-encoded and cut where it is too long.

    Args:
        word: any.
        longest: bytes.
        no: signs that are encoded besides those that some file systems refuse.
    """
    is_plain = word.isprintable() and not any(sign in word for sign in '/\\:*?"<>|%' + no)
    if not word or (is_plain and len(word.encode()) <= longest):
        return word
    quoted = urllib.parse.quote(word, safe=" ", errors="surrogatepass")
    for sign in no:
        quoted = quoted.replace(sign, f"%{ord(sign):02X}")
    return quoted if len(quoted) <= longest else f"{quoted[: longest - 17]}+{name_hash(word)}"
