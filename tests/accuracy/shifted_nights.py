"""Thresholds and alarms under a real shift: `ASD_REAL_DATA=... python -m tests.accuracy.shifted_nights`.

Anomaly scores of nine published systems for the normal test clips of DCASE 2022: seven machine types of three sections,
each with clips of the source domain and of the target domain, which is another condition of the machine or of the
recording. Nights are blocks of four clips in the order of their numbers. The first eight source nights are learnt, the
other source nights and all target nights are judged.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold
from asd_core.recipe.alarm_settings import AlarmConfig
from tests.accuracy.alarm_rules import judged
from tests.accuracy.alarm_tables import table

Floats = NDArray[np.float64]
CLIPS, LEARNT = 4, 8
RULES = AlarmConfig(false_alarms=1 / 7)
NO_DRIFT = AlarmConfig(false_alarms=1 / 7, drift=0.0)


def normals(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Floats]]:
    """System → domain → scores of its normal clips, (machines, clips), in the order of their numbers.

    Args:
        rows: of system, machine_type, section, file (a name of DCASE 2022) and anomaly_score; of each machine and
            domain as many clips.
    """
    found: dict[str, dict[str, dict[tuple[str, str], list[float]]]] = {}
    names = ("system", "machine_type", "section", "file")
    for row in sorted(rows, key=lambda row: [row[name] for name in names]):
        _, _, domain, _, condition, *_ = row["file"].split("_")
        if condition == "normal":
            machine = row["machine_type"], row["section"]
            own = found.setdefault(row["system"], {}).setdefault(domain, {})
            own.setdefault(machine, []).append(row["anomaly_score"])
    return {
        system: {domain: np.array(list(machines.values())) for domain, machines in own.items()}
        for system, own in found.items()
    }


def nights(scores: Floats) -> Floats:
    """(machines, clips) → (machines, nights, CLIPS); clips left over are dropped."""
    count = scores.shape[1] // CLIPS
    return scores[:, : count * CLIPS].reshape(len(scores), count, CLIPS)


def flagged(learnt: Floats, later: Floats) -> float:
    """Share of clips above the threshold of their machine, the 0.9 quantile of its learnt clips."""
    limits = [decision_threshold(one.ravel(), ThresholdConfig()).value for one in learnt]
    return float((later.reshape(len(later), -1) > np.array(limits)[:, None]).mean())


def system_row(name: str, source: Floats, target: Floats) -> list[str]:
    """Clips flagged and nights told of one system, (machines, nights, clips) of each domain."""
    learnt, held_out = source[:, :LEARNT], source[:, LEARNT:]
    parts = {"held out": held_out, "target": target}
    found = {
        (part, rules.drift > 0): judged(np.concatenate([learnt, later], axis=1), LEARNT, rules)
        for part, later in parts.items()
        for rules in (RULES, NO_DRIFT)
    }
    told = found["target", True]
    shifts = [shift.mean for shift, is_told in zip(told.shifts, told.fleet_shifted, strict=True) if is_told]
    return [
        name,
        *(f"{flagged(learnt, later):.0%}" for later in parts.values()),
        *(f"{(found[key].p_values <= 0.05).mean():.0%}" for key in (("held out", False), ("target", False))),
        f"{(found['target', False].episodes.states == 'new').sum()}",
        f"{(told.p_values <= 0.05).mean():.0%}",
        f"{(told.episodes.states == 'new').sum()}",
        f"{len(shifts)}" + (f" ({np.mean(shifts):+.1f})" if shifts else ""),
        f"{told.drifts[:, -1].sum()}",
    ]


def main() -> None:
    path = Path(os.environ["ASD_REAL_DATA"]) / "dcase2022_scores" / "dev_scores.parquet"
    rows = [
        system_row(system, nights(domains["source"]), nights(domains["target"]))
        for system, domains in normals(pq.read_table(path).to_pylist()).items()
    ]
    columns = ["system", "source flagged", "target", "source p ≤ 0.05", "target", "alarms"]
    columns += ["with the rule", "alarms", "shifted", "drifting"]
    table("A threshold and alarms learnt from the source domain", columns, rows)


if __name__ == "__main__":
    main()
