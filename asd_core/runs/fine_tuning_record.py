"""Words and counts of a fine-tuning: its record, its report, and its lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from asd_core.encoders.clap.weights import HUB
from asd_core.pages.training.page import TrainingReport
from asd_core.recipe.fields import shown
from asd_core.synthesis.audioldm.stored_generator import StoredGenerator
from asd_core.training.checkpoints import Progressed
from asd_core.training.usable_clips import Unusable


def fine_tuning_counts(
    pairs: pa.Table, unusable: Sequence[Unusable], captions: int, done: Progressed
) -> dict[str, Any]:
    """Counts for a record: listed = trained + errors.

    Args:
        pairs: all that were given.
        unusable: those that cannot be decoded.
        captions: number of distinct ones that are trained on.
        done: how far the training is.
    """
    return {
        "listed": len(pairs),
        "trained": len(pairs) - len(unusable),
        "errors": len(unusable),
        "errors_by_reason": dict(sorted(Counter(one.reason for one in unusable).items())),
        "captions": captions,
        "steps": done.step,
    }


def fine_tuning_line(record: Mapping[str, Any]) -> str:
    """The outcome of a fine-tuning in one line."""
    counts, network = record["counts"], record["network"]
    if not counts["steps"]:
        return f"generator {record['name']} is {record['started_from']} as it is: nothing is trained"
    return (
        f"fine-tuned {record['name']} ({network['trained']:,} of {network['parameters']:,} weights) on "
        f"{counts['trained']} clips with {counts['captions']} captions in {counts['steps']} steps: loss "
        f"{record['last']['loss']:.4g}"
    )


def fine_tuning_report(
    record: Mapping[str, Any], stored: StoredGenerator, pairs: pa.Table, done: Progressed
) -> TrainingReport:
    """The contents of a fine-tuning's page.

    Args:
        record: of the run.
        stored: the generator.
        pairs: that were trained on.
        done: the course of the training.
    """
    network, counts = record["network"], record["counts"]
    facts = {
        "generator": record["name"],
        "digest": record["digest"],
        "network": f"{network['parameters']:,} weights, {network['trained']:,} of them trained",
        "started from": "the published weights" if record["started_from"] == HUB else record["started_from"],
        "references": ", ".join(stored.references) or "none",
        "targets": ", ".join(stored.targets) or "none",
        "clips": f"{counts['trained']:,} trained on",
        "workers": f"{record['workers']['count']} ({record['workers']['device']})",
        "run": record["run_id"],
    }
    settings = {"generator": [(key, shown(value)) for key, value in stored.generator.items()]}
    captions = sorted(Counter(pairs["caption"].to_pylist()).items())
    left_out = [(one["uri"], f"{one['reason']}: {one['message']}") for one in record["left_out"]]
    return TrainingReport(
        record["name"], list(facts.items()), record["notes"], settings, captions, left_out, done.history, "caption"
    )
