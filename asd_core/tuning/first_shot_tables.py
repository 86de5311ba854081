"""Tables 4, 5 and 6 of FS-TWFR-GMM (Zhang et al.) from finished searches over r, as JSON values.

Figures are of real test clips, and come from a search that judged every r on their labels. They are shown and never
choose anything. Without labels the tables have the r that were chosen, and no figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asd_core.evaluation.first_shot_figures import averages, machine_auc
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store
from asd_core.tuning.chosen_r import FIELD, chosen_r, figures_at

NARROW = 1.0
"""End of the narrower range of r in table 4."""

CUT_OUT, KEPT = "cut out", "kept"
FIGURES = ("auc", "pauc", "mean", "official")


@dataclass(frozen=True)
class Searches:
    """The records of the searches over r, all on the same machines.

    Attributes:
        cut_out: on generated clips without their silence.
        kept: on generated clips with it.
        real: on labelled recordings; None where none are known.
    """

    cut_out: Mapping[str, Any]
    kept: Mapping[str, Any]
    real: Mapping[str, Any] | None

    def with_silence(self, silence: str) -> Mapping[str, Any]:
        """The search on generated clips whose silence is `CUT_OUT` or `KEPT`."""
        return self.cut_out if silence == CUT_OUT else self.kept


def tables(store: Store, recipe: Recipe, searches: Searches, silence: str) -> dict[str, list[dict[str, Any]]]:
    """The three tables, by the name of what they compare.

    Args:
        store: that the searches are kept in.
        recipe: that was searched from.
        searches: finished.
        silence: of the generated clips whose r is used, `CUT_OUT` or `KEPT`.

    Returns:
        ``choices`` (table 4), ``training_data`` (table 5) and ``r`` (table 6).
    """
    tried = _values(searches.cut_out)
    whole = max(tried)
    synthetic = chosen_r(store, searches.with_silence(silence))
    real = {} if searches.real is None else chosen_r(store, searches.real)

    def row(r: Mapping[str, float], **named: Any) -> dict[str, Any]:
        return named | {"r": dict(r)} | _figures(store, recipe, searches.real, r)

    ends = sorted({min(NARROW, whole), whole})
    choices = [
        row(chosen_r(store, searches.with_silence(kept), end), lowest=min(tried), highest=end, silence=kept)
        for end in ends
        for kept in (KEPT, CUT_OUT)
    ]
    fixed = [row(dict.fromkeys(synthetic, r), name=f"r = {r:g}", data="none") for r in (0.0, 1.0) if r in tried]
    rows = [*fixed, row(synthetic, name="FS-TWFR-GMM", data="synthetic")]
    rows += [row(real, name="TWFR-GMM", data="real")] if real else []
    return {"choices": choices, "training_data": rows, "r": _differences(synthetic, real)}


def _values(record: Mapping[str, Any]) -> Sequence[float]:
    """The r that a search tried."""
    dimension = record["order"]["space"][FIELD]
    if dimension["choices"]:
        return [float(value) for value in dimension["choices"]]
    low, step = dimension["low"], dimension["step"]
    return [round(low + place * step, 9) for place in range(round((dimension["high"] - low) / step) + 1)]


def _figures(store: Store, recipe: Recipe, real: Mapping[str, Any] | None, r: Mapping[str, float]) -> dict[str, Any]:
    """Averages of one r a machine type over the machines with labels, and each machine's AUC and pAUC."""
    found = {} if real is None else figures_at(store, recipe, real, r)
    machines = {" ".join(name): {"auc": machine_auc(own), "pauc": own["pauc"]} for name, own in found.items()}
    if not found:
        return dict.fromkeys(FIGURES) | {"machines": machines}
    over = averages(found.values())
    return {name: getattr(over, name) for name in FIGURES} | {"machines": machines}


def _differences(synthetic: Mapping[str, float], real: Mapping[str, float]) -> list[dict[str, Any]]:
    rows = []
    for machine_type, r in sorted(synthetic.items()):
        other = real.get(machine_type)
        difference = None if other is None else round(abs(r - other), 9)
        rows.append({"machine_type": machine_type, "synthetic": r, "real": other, "difference": difference})
    return rows
