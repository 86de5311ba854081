"""Words and counts of a training: its record, its report, and its lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from asd_core.encoders.checkpoint_files import TrainedEncoder
from asd_core.pages.training.page import TrainingReport
from asd_core.recipe.fields import shown
from asd_core.training.checkpoints import Progressed
from asd_core.training.history import HistoryRow
from asd_core.training.labels import Classes
from asd_core.training.plan import TrainingPlan
from asd_core.training.usable_clips import Unusable


def counts_of(
    listed: int, unusable: Sequence[Unusable], done: Progressed, plan: TrainingPlan, n_classes: int
) -> dict[str, Any]:
    """Counts for a record: listed = trained + held_out + errors + those without a class."""
    return {
        "listed": listed,
        "trained": len(plan.trained),
        "held_out": len(plan.held_out),
        "errors": len(unusable),
        "errors_by_reason": dict(sorted(Counter(one.reason for one in unusable).items())),
        "classes": n_classes,
        "steps": done.step,
        "epochs": plan.epochs,
    }


def lost_note(done: Progressed) -> list[str]:
    """A line on clips that vanished while they were trained on; none where none did."""
    if not done.lost:
        return []
    first = next(iter(done.lost.values()))
    return [
        f"{len(done.lost)} clips could not be read any more while they were trained on, the first for this: {first}"
    ]


def plan_line(plan: TrainingPlan, classes: Classes) -> str:
    """The plan of a training in one line."""
    held = f", {len(plan.held_out)} held out" if len(plan.held_out) else ""
    return (
        f"{len(classes.names)} classes in {len(classes.indices)} clips{held}: {plan.epochs} epochs of "
        f"{plan.batches_per_epoch} batches of {plan.batch_size}, {plan.steps} steps"
    )


def report_of(record: Mapping[str, Any], trained: TrainedEncoder, done: Progressed) -> TrainingReport:
    """The contents of a training's page."""
    network = record["network"]
    facts = {
        "encoder": record["name"],
        "digest": record["digest"],
        "network": f"{network['parameters']:,} weights, {network['trained']:,} of them trained",
        "started from": record["started_from"] or "random weights",
        "clips": f"{record['counts']['trained']:,} trained on, {record['counts']['held_out']:,} held out",
        "workers": f"{record['workers']['count']} ({record['workers']['device']})",
        "run": record["run_id"],
    }
    tables = {"encoder": trained.encoder, "training": trained.training}
    settings = {table: [(key, shown(value)) for key, value in fields.items()] for table, fields in tables.items()}
    left_out = [(one["uri"], f"{one['reason']}: {one['message']}") for one in record["left_out"]]
    notes, classes = record["notes"], list(record["classes"].items())
    return TrainingReport(record["name"], list(facts.items()), notes, settings, classes, left_out, done.history)


def epoch_line(row: HistoryRow, epochs: int) -> str:
    """An epoch that ended, in one line."""
    return f"epoch {row['epoch']} of {epochs}: loss {row['loss']:.4g}{_judged(row)}"


def counts_line(record: Mapping[str, Any]) -> str:
    """The outcome of a training in one line."""
    last, network = record["last"], record["network"]
    return (
        f"trained {record['name']} ({network['parameters']:,} weights) on {record['counts']['trained']} clips of "
        f"{record['counts']['classes']} classes in {record['counts']['steps']} steps: loss {last['loss']:.4g}"
        f"{_judged(last)}"
    )


def _judged(row: HistoryRow) -> str:
    share = row["validation_accuracy"]
    return "" if share is None else f", {share:.1%} of held-out clips in their class"
