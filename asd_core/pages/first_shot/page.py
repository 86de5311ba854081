"""The page of a first-shot run, made from its record alone: tables 4, 5 and 6 of FS-TWFR-GMM (Zhang et al.)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asd_core.pages.html import render_page
from asd_core.store.files import Files

_TYPES = 200  # with a row of their own


def write_first_shot_page(record: Mapping[str, Any], files: Files, folder: str) -> str:
    """Write ``folder/index.html`` and return its path; the same record gives the same bytes.

    Args:
        record: of the run, without its page.
        files: take the page.
        folder: for it.
    """
    found = record["tables"]
    has_figures = any(row["auc"] is not None for row in found["training_data"])
    up = "../" * (folder.count("/") + 1)
    page = render_page(
        "first_shot/page.html",
        styles=["first_shot/page.css"],
        record=record,
        choices=found["choices"],
        rows=found["training_data"],
        types=found["r"][:_TYPES],
        further=len(found["r"]) - _TYPES,
        has_figures=has_figures,
        machines=_machines(record) if has_figures else [],
        searches=[(f"search, silence {silence}", up + path) for silence, path in record["searches"].items()],
        listening=record["listening"] and up + record["listening"],
        facts=_facts(record),
    )
    path = f"{folder}/index.html"
    files.write(path, page)
    return path


def _machines(record: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, float] | None]]]:
    """Machine → AUC and pAUC of each row of table 5."""
    rows = record["tables"]["training_data"]
    names = sorted({name for row in rows for name in row["machines"]})[:_TYPES]
    return [(name, [row["machines"].get(name) for row in rows]) for name in names]


def _facts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    counts = record["counts"]
    return [
        ("run", record["run_id"]),
        ("recipe", f"{record['key']}, from {record['searched_from']['name']}"),
        ("generated clips", f"{counts['generated']:,} in {record['generated']}"),
        ("real normal clips fitted to", f"{counts['normals']:,}"),
        ("values of r", f"{counts['settings']:,}"),
        ("objective", record["order"]["objective"]),
        ("scored", f"{counts['scored']:,} of {counts['listed']:,}, {counts['flagged']:,} flagged"),
        *record["runs"].items(),
    ]
