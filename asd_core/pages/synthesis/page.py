"""The page of generated clips: players, spectrograms, captions and seeds, normal beside anomalous."""

from __future__ import annotations

import functools
import urllib.parse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from asd_core.digest import name_hash
from asd_core.pages.html import render_page
from asd_core.pages.night.media import MapFunction
from asd_core.pages.synthesis.pictures import draw_pair
from asd_core.readable import machine_name
from asd_core.store.files import Files
from asd_core.store.layout import safe_name

MACHINES = 60  # with a section
PAIRS = 6  # heard of each machine
_REFUSED = 100  # told one by one


@dataclass(frozen=True)
class ListeningReport:
    """The contents of the page.

    Attributes:
        name: of the archive.
        digest: of its plan.
        folder: of its clips, relative to the store.
        rows: of SYNTHETIC_CLIPS.
        notes: reservations that a listener must know first, such as random weights.
        facts: (name, value) of the run.
    """

    name: str
    digest: str
    folder: str
    rows: pa.Table
    notes: Sequence[str]
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Heard:
    """A clip with a player: its row, and the addresses of its sound and picture relative to the page."""

    row: Mapping[str, Any]
    audio: str
    image: str


@dataclass(frozen=True)
class Section:
    """One machine on the page.

    Attributes:
        name: of the machine.
        machine_type: by which sections are filtered.
        anchor: of the section.
        counts: "normal", "anomalous" and "refused" → clips.
        pairs: normal and anomalous clips of one number; None in the place of one that there is not.
    """

    name: str
    machine_type: str
    anchor: str
    counts: Mapping[str, int]
    pairs: tuple[tuple[Heard | None, Heard | None], ...]

    @property
    def n_unheard(self) -> int:
        """Good clips without a player."""
        heard = sum(clip is not None for pair in self.pairs for clip in pair)
        return self.counts["normal"] + self.counts["anomalous"] - heard


def write_listening_page(report: ListeningReport, files: Files, map_function: MapFunction = map) -> str:
    """Write ``reports/synthesis/<NAME>/<digest>/index.html`` and its pictures; returns the page's path.

    Sounds are played from the archive in the same store. At most `PAIRS` pairs of `MACHINES` machines are shown.

    Args:
        report: the contents.
        files: the store.
        map_function: like the builtin, for drawing spectrograms.
    """
    place = f"reports/synthesis/{safe_name(report.name)}/{report.digest}"
    by_machine: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in report.rows.to_pylist():
        by_machine.setdefault((row["machine_type"], row["machine_id"]), []).append(row)
    shown = {machine: _pairs(by_machine[machine]) for machine in sorted(by_machine)[:MACHINES]}
    pictures = _draw(report, [pair for pairs in shown.values() for pair in pairs], files, place, map_function)
    sections = [_section(report, machine, by_machine[machine], pairs, pictures) for machine, pairs in shown.items()]
    refused = [row for row in report.rows.to_pylist() if row["error_reason"]]
    page = render_page(
        "synthesis/page.html",
        styles=["synthesis/page.css"],
        scripts=["synthesis/page.js"],
        has_media=True,
        report=report,
        sections=sections,
        machine_types=sorted({section.machine_type for section in sections}),
        n_machines=len(by_machine),
        n_good=len(report.rows) - len(refused),
        refused=refused[:_REFUSED],
        n_refused=len(refused),
        facts=report.facts,
    )
    path = f"{place}/index.html"
    files.write(path, page)
    return path


Pair = tuple[dict[str, Any] | None, dict[str, Any] | None]


def _pairs(rows: Sequence[dict[str, Any]]) -> list[Pair]:
    """Normal and anomalous rows of one machine and number side by side: a few, spread evenly over all."""
    good = {(row["number"], row["condition"]): row for row in rows if not row["error_reason"]}
    numbers = sorted({number for number, _ in good})
    count = min(PAIRS, len(numbers))
    shown = [numbers[round(place * (len(numbers) - 1) / max(1, count - 1))] for place in range(count)]
    return [(good.get((number, "normal")), good.get((number, "anomalous"))) for number in shown]


def _draw(
    report: ListeningReport, pairs: Sequence[Pair], files: Files, place: str, map_function: MapFunction
) -> dict[str, str]:
    """Write the pictures of pairs; path of a clip → address of its picture, without those that cannot be read."""
    draw = functools.partial(draw_pair, files.url, report.folder)
    paths = [[clip["path"] for clip in pair if clip is not None] for pair in pairs]
    found = {}
    for own, images in zip(paths, map_function(draw, paths), strict=True):
        for path, image in zip(own, images, strict=False):
            found[path] = f"media/{name_hash(path)}.png"
            files.write(f"{place}/{found[path]}", image)
    return found


def _section(
    report: ListeningReport,
    machine: tuple[str, str],
    rows: Sequence[Mapping[str, Any]],
    pairs: Sequence[Pair],
    pictures: Mapping[str, str],
) -> Section:
    counts = Counter("refused" if row["error_reason"] else str(row["condition"]) for row in rows)
    kinds = {kind: counts[kind] for kind in ("normal", "anomalous", "refused")}

    def heard(row: Mapping[str, Any] | None) -> Heard | None:
        if row is None:
            return None
        audio = "../../../../" + urllib.parse.quote(f"{report.folder}/{row['path']}")
        return Heard(row, audio, pictures.get(row["path"], ""))

    shown = tuple((heard(normal), heard(anomaly)) for normal, anomaly in pairs)
    return Section(machine_name(*machine), machine[0], f"m{name_hash(*machine)}", kinds, shown)
