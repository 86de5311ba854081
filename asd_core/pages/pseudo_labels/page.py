"""The page of pseudo-labels: each machine's map by true attribute, by pseudo-label and by anomaly score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.digest import name_hash
from asd_core.pages.html import render_page
from asd_core.pages.pseudo_labels.maps import ClipMap, map_of_classes, map_of_scores, places
from asd_core.store.files import Files
from asd_core.store.pseudo_label_tables import pseudo_label_folder
from asd_core.store.tables import rows_of

MACHINES = 60  # with maps


@dataclass(frozen=True)
class ClipScore:
    """The anomaly score of a clip, and whether it is known to be anomalous."""

    score: float
    is_anomalous: bool


@dataclass(frozen=True)
class PseudoLabelReport:
    """The contents of the page.

    Attributes:
        name: of the pseudo-labels.
        rows: of PSEUDO_LABELS.
        made: how they were made, as the store keeps it.
        key: of the recipe whose scores are shown; "" for none.
        scores: uri → score, of clips that have one.
    """

    name: str
    rows: pa.Table
    made: Mapping[str, Any]
    key: str
    scores: Mapping[str, ClipScore]


@dataclass(frozen=True)
class Section:
    """One machine on the page."""

    name: str
    anchor: str
    clusters: tuple[Mapping[str, Any], ...]
    maps: tuple[ClipMap, ...]


def write_pseudo_label_page(report: PseudoLabelReport, files: Files) -> str:
    """Write ``pseudo_labels/<NAME>/index.html`` and return its path; the same report gives the same bytes."""
    machines = sorted(set(rows_of(report.rows, "machine_type", "machine_id")))
    page = render_page(
        "pseudo_labels/page.html",
        styles=["pseudo_labels/page.css"],
        report=report,
        sections=[_section(report, *machine) for machine in machines[:MACHINES]],
        n_machines=len(machines),
        facts=_facts(report),
    )
    path = f"{pseudo_label_folder(report.name)}/index.html"
    files.write(path, page)
    return path


def _section(report: PseudoLabelReport, machine_type: str, machine_id: str) -> Section:
    rows = report.rows
    is_own = pc.and_(pc.equal(rows["machine_type"], machine_type), pc.equal(rows["machine_id"], machine_id))
    own = rows.filter(pc.and_(is_own, pc.is_valid(rows["x"])))
    clusters = tuple(
        one for one in report.made["clusters"] if (one["machine_type"], one["machine_id"]) == (machine_type, machine_id)
    )
    maps = tuple(_maps(report, own, f"{machine_type} {machine_id} ")) if len(own) else ()
    return Section(f"{machine_type} {machine_id}", f"m{name_hash(machine_type, machine_id)}", clusters, maps)


def _maps(report: PseudoLabelReport, rows: pa.Table, machine: str) -> list[ClipMap]:
    at = places(rows["x"].to_pylist(), rows["y"].to_pylist())
    labels = [label and label.removeprefix(machine) for label in rows["pseudo_label"].to_pylist()]
    attributes = rows["attributes"].to_pylist()
    small = [label is None for label in labels]
    found = []
    if any(attributes):
        known = [attribute or None for attribute in attributes]
        found.append(map_of_classes("t", "True attributes", at, known, "no attributes", small))
    found.append(map_of_classes("p", "Pseudo-labels", at, labels, "not trained on", small))
    scores = [report.scores.get(uri) for uri in rows["uri"].to_pylist()]
    if any(scores):
        values = [None if one is None else one.score for one in scores]
        anomalous = [one is not None and one.is_anomalous for one in scores]
        found.append(map_of_scores("s", "Anomaly scores", at, values, anomalous))
    return found


def _facts(report: PseudoLabelReport) -> list[tuple[str, str]]:
    made, counts = report.made, report.made["counts"]
    facts = [
        ("Recordings", f"{counts['listed']:,}"),
        ("With a pseudo-label", f"{counts['labelled']:,}"),
        ("Pseudo-labels", f"{counts['labels']:,}"),
        ("Not embedded", f"{counts['errors']:,}"),
        *((f"Version of {name}", version) for name, version in made["libraries"].items()),
        ("Made at", made["made_at"]),
    ]
    return [*facts, ("Scores of", report.key)] if report.key else facts
