"""The listing of an archive: every recording once, with the facts that its path tells.

Nothing is left out silently. A recording whose name fits no layout is listed as ``unplaced``; audio that cannot be
decoded is listed where its place is known; files that are no audio, or that systems and tools leave, are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from itertools import compress

import pyarrow as pa

from asd_core.clips import dcase
from asd_core.clips.clip import clips_table
from asd_core.clips.endings import is_decoded, is_packed, is_undecoded, kinds
from asd_core.clips.layouts import LAYOUTS, place_all
from asd_core.clips.leftovers import is_leftover, is_leftover_folder
from asd_core.clips.manifest import read_manifest
from asd_core.clips.manifest_table import is_manifest
from asd_core.clips.namesakes import namesakes
from asd_core.clips.nights import in_nights, notes_on_untimed
from asd_core.errors import AsdError, UsageError, did_you_mean
from asd_core.store.addresses import open_files, path_within
from asd_core.store.files import FileInfo, Files


@dataclass(frozen=True)
class Listing:
    """The contents of an archive.

    Attributes:
        clips: a table of CLIPS sorted by machine type, machine id, date and uri.
        layout: ``fleet``, ``dcase``, ``mimii``, ``pattern`` or ``manifest``.
        skipped: paths of files that are no audio by their names, or no recording of a known place.
        undecoded: paths of clips of a format that cannot be decoded: they end as error rows.
        leftovers: paths of files that systems and tools leave, and of their folders, with a ``/`` at the end.
        duplicates: number of recordings that were listed a second time, or also exist as a renamed copy.
        unplaced: paths or addresses of clips without a known machine.
        of_store: number of files that were left out because they belong to a store.
        namesakes: machine type and id → two of the folders above it, where it lies under several.
        remarks: a line on each thing that the layout or the nights ask a user to know.
    """

    clips: pa.Table
    layout: str
    skipped: Sequence[str] = ()
    duplicates: int = 0
    unplaced: Sequence[str] = ()
    of_store: int = 0
    namesakes: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    remarks: Sequence[str] = ()
    undecoded: Sequence[str] = ()
    leftovers: Sequence[str] = ()

    def remark(self) -> str:
        """One line on the clips and on all that was left out."""
        remarks = [f"({self.layout} layout)"]
        if self.duplicates:
            remarks.append(f"{self.duplicates} listed twice, taken once")
        if self.unplaced:
            remarks.append(f"{len(self.unplaced)} of no known machine, such as {self.unplaced[0]}")
        if self.skipped:
            files = "file" if len(self.skipped) == 1 else "files"
            remarks.append(f"{len(self.skipped)} other {files} left out {kinds(self.skipped)}")
        if self.undecoded:
            remarks.append(
                f"{len(self.undecoded)} that cannot be decoded {kinds(self.undecoded)}: convert them to FLAC or WAV"
            )
        if self.leftovers:
            remarks.append(f"{len(self.leftovers)} left by systems or tools not opened, such as {self.leftovers[0]}")
        if self.of_store:
            remarks.append(f"{self.of_store} files of the store in it left out")
        return "; ".join(remarks)

    def notes(self) -> list[str]:
        """The remarks of layout and nights, and a line on machines that may be several machines of one name."""
        if not self.namesakes:
            return list(self.remarks)
        (machine_type, machine_id), places = next(iter(self.namesakes.items()))
        here, there = (place or "the archive itself" for place in places)
        return [
            *self.remarks,
            f"machines of one name under several folders count as one machine (names: {len(self.namesakes)}; "
            f"{machine_type} {machine_id} is under {here} and {there}): if they are different machines, "
            "name a narrower ARCHIVE, a --pattern or a manifest",
        ]


def list_archive(
    url: str,
    *,
    layout: str = "auto",
    pattern: str | None = None,
    store: Files | None = None,
    night_ends: time | None = None,
) -> Listing:
    """List a folder of recordings, or the recordings that a manifest (.parquet or .csv) names.

    Args:
        url: folder or manifest.
        layout: ``fleet``, ``dcase``, ``mimii``, or ``auto``: the one that places most of the recordings.
        pattern: the user's own layout instead; see `compile_pattern`.
        store: its files, such as the recordings of its reports, are left out where it lies in the archive.
        night_ends: recordings before this time of day are of the night of the day before.

    Raises:
        UsageError: there is no such archive, no recording in it, or none that any layout places.
    """
    if layout not in ("auto", *LAYOUTS):
        raise UsageError(f"unknown layout {layout!r}" + did_you_mean(layout, ("auto", *LAYOUTS)))
    if pattern is not None and layout != "auto":
        raise UsageError(f"--layout {layout} and --pattern {pattern!r} exclude each other: leave one out")
    if is_manifest(url):
        if pattern is not None or layout != "auto":
            raise UsageError(f"the manifest {url} names its machines itself: leave --layout and --pattern out")
        clips, duplicates, unplaced = read_manifest(url, night_ends)
        remarks = notes_on_untimed(clips, night_ends)
        undecoded = [uri for uri in clips["uri"].to_pylist() if is_undecoded(uri)]
        return Listing(clips, "manifest", (), duplicates, unplaced, remarks=remarks, undecoded=undecoded)
    return list_files(open_files(url), layout, pattern, store, night_ends)


def list_files(
    files: Files, layout: str, pattern: str | None, store: Files | None = None, night_ends: time | None = None
) -> Listing:
    """`list_archive` of a folder."""
    try:
        infos = files.list(closed=is_leftover_folder)
    except NotADirectoryError as error:
        raise AsdError(
            f"cannot list {files.address('')}: it is a file; name a folder of recordings, or a table of them "
            "(.csv, .tsv, .parquet)"
        ) from error
    except OSError as error:
        raise AsdError(f"cannot list {files.address('')}: {error}") from error
    everything = len(infos)
    if store is not None and (within := path_within(files, store)) is not None:
        infos = [info for info in infos if not info.path.startswith(f"{within}/")]
    of_store = everything - len(infos)
    if not infos:
        raise UsageError(f"no such folder, or nothing in it: {files.address('')}")
    audio, skipped, leftovers = _sorted_out(infos)
    if not audio:
        beside = f": {len(skipped)} other files {kinds(skipped)}" if skipped else ""
        beside += "; unpack them first" if any(map(is_packed, skipped)) else ""
        raise UsageError(
            f"no recording (.wav, .flac, .ogg, .mp3, .aiff, ...) among the {len(infos)} files of "
            f"{files.address('')}{beside}"
        )
    found = place_all(files.url, [_text(info.path) for info in audio], layout, pattern)
    placements = in_nights(found.placements, night_ends) if night_ends else found.placements
    copies = dcase.superseded([info.path for info in audio]) if found.layout == "dcase" else set()
    lost = {
        info.path
        for info, place in zip(audio, placements, strict=True)
        if place.is_unplaced and is_undecoded(info.path)
    }
    is_kept = [info.path not in copies and info.path not in lost for info in audio]
    kept, placed = list(compress(audio, is_kept)), list(compress(placements, is_kept))
    unplaced = [_text(info.path) for info, place in zip(kept, placed, strict=True) if place.is_unplaced]
    undecoded = [_text(info.path) for info in kept if is_undecoded(info.path)]
    uris, sizes, versions = zip(*((files.uri(info.path), info.size, info.version) for info in kept), strict=True)
    same_name = namesakes([info.path for info in kept], placed, found.above)
    clips = clips_table(uris, sizes, versions, placed)
    remarks = [*found.notes, *notes_on_untimed(clips, night_ends)]
    skipped += sorted(map(_text, lost))
    return Listing(
        clips, found.layout, skipped, len(copies), unplaced, of_store, same_name, remarks, undecoded, leftovers
    )


def _sorted_out(infos: Sequence[FileInfo]) -> tuple[list[FileInfo], list[str], list[str]]:
    """The files that are audio by their names, and the paths of all others: as skipped, and as leftovers."""
    leftovers = [_text(info.path) for info in infos if is_leftover(info.path)]
    others = [info for info in infos if not is_leftover(info.path)]
    is_audio = [is_decoded(info.path) or is_undecoded(info.path) for info in others]
    skipped = [_text(info.path) for info, audio in zip(others, is_audio, strict=True) if not audio]
    return list(compress(others, is_audio)), skipped, leftovers


def _text(path: str) -> str:
    """A path as text: bytes that are no UTF-8 become the replacement character."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
