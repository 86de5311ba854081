"""The page of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from asd_core.pages.html import render_page
from asd_core.pages.number_format import counted
from asd_core.pages.training.curves import draw_course, points
from asd_core.store.files import Files

_CLASSES = 200  # with a row of their own


@dataclass(frozen=True)
class TrainingReport:
    """The contents of the page.

    Attributes:
        name: of the encoder.
        facts: (name, value) of the run.
        notes: reservations that a reader must know before the figures.
        settings: table → (field, value), each as text.
        classes: (class, clips) in the order of their names.
        left_out: (address, reason) of clips that could not be decoded.
        history: rows of TRAINING.
        told_by: ``class`` of an encoder's clips, or ``caption`` of a generator's.
    """

    name: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str]
    settings: Mapping[str, Sequence[tuple[str, str]]]
    classes: Sequence[tuple[str, int]]
    left_out: Sequence[tuple[str, str]]
    history: Sequence[Mapping[str, Any]]
    told_by: Literal["class", "caption"] = "class"


def write_training_page(report: TrainingReport, files: Files, folder: str) -> str:
    """Write ``folder/index.html`` and return its path; the same report gives the same bytes."""
    group, groups = ("caption", "captions") if report.told_by == "caption" else ("class", "classes")
    page = render_page(
        "training/page.html",
        styles=["training/page.css"],
        report=report,
        figures=_figures(report.history),
        shown_classes=report.classes[:_CLASSES],
        left_out=report.left_out[:_CLASSES],
        further=counted(max(0, len(report.classes) - _CLASSES), f"further {group}", f"further {groups}"),
        group=group,
        groups=groups,
        facts=report.facts,
    )
    path = f"{folder}/index.html"
    files.write(path, page)
    return path


def _figures(history: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, Markup]]:
    """Heading, caption and chart of each figure."""
    held, right = points(history, "validation_loss"), points(history, "validation_accuracy")
    dots = " Dots are held-out clips, at the end of each epoch: there the main loss alone counts." if held else ""
    loss = points(history, "loss")
    rate = points(history, "learning_rate")
    found = [
        ("Loss", f"Mean loss of the batches since the point before.{dots}", draw_course("loss", "Loss", loss, held))
    ]
    if right:
        told = "Share of held-out clips whose own class is the likeliest."
        found.append(("Held-out clips in their class", told, draw_course("right", "Accuracy", right)))
    return [*found, ("Learning rate", "Of the optimiser, step by step.", draw_course("rate", "Learning rate", rate))]
