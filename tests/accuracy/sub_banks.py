"""`make accuracy`: the recipe `fleet` on real sliders and on a simulated fleet, and groups on the published features.

Sliders 02 and 06 have no training clips: the even-numbered normals are learnt, the others and the anomalies judged.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.archive import list_archive
from asd_core.evaluation.comparison import markdown_table
from asd_core.evaluation.evaluate import Evaluation, evaluate
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.store import open_store
from asd_core.synthesis.fleet.archive import simulate_fleet

FLEET = load_recipe("fleet")
ONE_BANK = {key: value for key, value in FLEET.settings["detector"].items() if not key.startswith("group")}
RECIPES = {
    "`fleet`": FLEET,
    "`fleet` without level": FLEET.with_settings({"encoder.level": False}),
    "`fleet`, r = 0, 0.5, 1": FLEET.with_settings({"encoder.r": [0.0, 0.5, 1.0]}),
    "`fleet`, r = 0, 0.9, 1": FLEET.with_settings({"encoder.r": [0.0, 0.9, 1.0]}),
    "`fleet`, the mean of its groups": FLEET.with_settings({"detector.group_score": "mean"}),
    "`fleet` in one bank": Recipe("one", {**FLEET.settings, "detector": ONE_BANK}),
    "`twfr-gmm`": load_recipe("twfr-gmm"),
    "`twfr-gmm`, r = 1": load_recipe("twfr-gmm").with_settings({"encoder.r": 1.0}),
    "`twfr-knn`": load_recipe("twfr-knn"),
    "`twfr-density-knn`": load_recipe("twfr-density-knn"),
}
SIMULATED = ("`fleet`", "`fleet`, r = 0, 0.5, 1", "`fleet`, r = 0, 0.9, 1", "`twfr-gmm`", "`twfr-gmm`, r = 1")
NIGHTS, LEARNT, CLIPS = 16, 8, 6  # of the simulated fleet; the night after them has its faults


def scored(recipe: Recipe, learnt: pa.Table, judged: pa.Table) -> pa.Table:
    """Score rows of clips by scorers that were fitted to others."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(folder)
        fit(store, recipe, learnt, LocalEngine())
        return store.read_scores(score(store, recipe, judged, LocalEngine()))


def sliders(real_data: Path) -> tuple[pa.Table, pa.Table]:
    """The clips of sliders 02 and 06 to learn and to judge."""
    clips = list_archive(str(real_data / "dcase2020_slider_test"), layout="dcase").clips.sort_by("uri")
    is_learnt, seen = [], defaultdict(int)
    for machine, condition in zip(clips["machine_id"].to_pylist(), clips["condition"].to_pylist(), strict=True):
        is_learnt.append(condition == "normal" and seen[machine] % 2 == 0)
        seen[machine] += condition == "normal"
    return clips.filter(pa.array(is_learnt)), clips.filter(pa.array([not one for one in is_learnt]))


def slider_rows(real_data: Path) -> list[list[str]]:
    """The table of the sliders."""
    learnt, judged = sliders(real_data)
    rows = [["recipe", "slider 02", "slider 06"]]
    for name, recipe in RECIPES.items():
        found = evaluate(scored(recipe, learnt, judged))
        rows.append([name, *(_cell(found, machine) for machine in ("02", "06"))])
        print(*rows[-1], file=sys.stderr)
    rows.append(["*level only (trivial twin)*", *_level_only(found)])
    return rows


def simulated(seed: int) -> list[list[str]]:
    """The table of a simulated fleet: faults above every normal clip of their machine, and false alarms."""
    rows = [["recipe", "moderate", "severe", "mild", "false alarms"]]
    with tempfile.TemporaryDirectory() as folder:
        made = simulate_fleet(folder, nights=NIGHTS + 1, clips_per_night=CLIPS, seed=seed)
        severities = {(one.machine_type, one.machine_id): one.severity for one in made.faults}
        clips = list_archive(folder).clips
        learnt = clips.filter(pc.less_equal(clips["date"], made.dates[LEARNT - 1]))
        judged = clips.filter(pc.greater(clips["date"], made.dates[LEARNT - 1]))
        for name in SIMULATED:
            rows.append([name, *_stands_out(scored(RECIPES[name], learnt, judged), made.dates[-1], severities)])
            print(*rows[-1], file=sys.stderr)
    return rows


def _stands_out(rows: pa.Table, last: str, severities: dict[tuple[str, str], str]) -> list[str]:
    above, flagged = defaultdict(list), list[bool]()
    for kind, machine in {*zip(rows["machine_type"].to_pylist(), rows["machine_id"].to_pylist(), strict=True)}:
        own = rows.filter(pc.and_(pc.equal(rows["machine_type"], kind), pc.equal(rows["machine_id"], machine)))
        own = own.filter(pc.is_valid(own["anomaly_score"]))
        scores, is_last = own["anomaly_score"].to_numpy(), np.array(own["date"].to_pylist()) == last
        severity = severities.get((kind, machine))
        is_normal = ~is_last if severity else np.ones(len(scores), bool)
        flagged += own["is_flagged"].filter(pa.array(is_normal)).to_pylist()
        if severity:
            above[severity] += (scores[is_last] > scores[is_normal].max()).tolist()
    counts = [f"{sum(above[name])} of {len(above[name])}" for name in ("moderate", "severe", "mild")]
    return [*counts, f"{np.mean(flagged):.1%} of {len(flagged):,}"]


def _cell(found: Evaluation, machine: str) -> str:
    (own,) = [one for one in found.machines if one.machine_id == machine]
    return f"{own.auc:.3f} / {own.pauc:.3f}, {own.decisions.false_alarm_rate:.0%}"


def _level_only(found: Evaluation) -> Sequence[str]:
    return [f"{one.auc_level_only:.3f}" for one in found.machines]


def section(real_data: Path) -> list[str]:
    """Lines of docs/accuracy.md."""
    return [
        "Sliders 02 and 06, 50 normals learnt and 50 judged, AUC / pAUC and false alarms:",
        "",
        *markdown_table(slider_rows(real_data)),
        "",
        f"A simulated fleet of 20 machines: {LEARNT} nights of {CLIPS} clips learnt, {NIGHTS - LEARNT} healthy nights and",
        "a night of faults judged. Faulty clips above every normal clip of their machine, and false alarms where 10 %",
        "are asked for:",
        "",
        *markdown_table(simulated(0)),
    ]


if __name__ == "__main__":
    print("\n".join(section(Path(os.environ["ASD_REAL_DATA"]))))
