"""The best settings of a finished search: the recipe that holds them, and the words that recipe, report and job use."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from asd_core.clips.clip import UNDATED
from asd_core.digest import name_hash
from asd_core.recipe.recipe import Recipe
from asd_core.recipe.text import recipe_text
from asd_core.tuning.outcome import ScopeOutcome
from asd_core.tuning.space.setting import Setting, setting_text, with_best
from asd_core.tuning.stored_results import CHOICES

FEW_CLIPS = 10
"""Clips of a condition below which a machine's figures say next to nothing."""

_PER = {"machine-type": "for each machine type", "machine": "for each machine", "global": "for all machines"}
_VALIDATION = {
    "real": "labelled recordings",
    "simulated": "simulated anomalies, made from normal recordings that no setting was fitted to",
    "generated": "generated clips, normal and anomalous",
}


def best_recipe(recipe: Recipe, scopes: Sequence[ScopeOutcome], *, for_all: bool = False) -> Recipe:
    """The recipe with the best setting of every machine type, or of all.

    Args:
        recipe: the one that was searched from.
        scopes: of machine types, or the one of all machines.
        for_all: true for the scope of all machines.
    """
    best: dict[str, Setting] = {}
    for scope in scopes:
        if scope.best is None:
            continue
        # A setting for all machines replaces the recipe's overrides of single types, too.
        types = ["", *recipe.settings.get("machine", {})] if for_all else [scope.machines[0].machine_type]
        best |= dict.fromkeys(types, scope.settings[scope.best])
    return with_best(recipe, best)


def recipe_files(recipe: Recipe, scopes: Sequence[ScopeOutcome], per: str, remarks: Sequence[str]) -> dict[str, str]:
    """File name → text of the recipes for ``asd fit``: one file, or one a machine where each has its own setting.

    A recipe tells machine types apart and no more, so machines of one type cannot share a file.
    """
    if per != "machine":
        lines = [line for scope in scopes for line in scope_remarks(scope)]
        return {"recipe.toml": recipe_text(best_recipe(recipe, scopes, for_all=per == "global"), [*remarks, *lines])}
    files: dict[str, str] = {}
    for scope in scopes:
        if scope.best is not None:
            name = _file_name(scope.name)
            name += f"-{name_hash(scope.name)}" if f"{name}.toml" in files else ""
            files[f"{name}.toml"] = recipe_text(best_recipe(recipe, [scope]), [*remarks, *scope_remarks(scope)])
    return files


def scope_remarks(scope: ScopeOutcome) -> list[str]:
    """The choice for a scope and how sure it is, in a line or two."""
    if scope.best is None:
        reason = next(iter(scope.errors.values()), "no machine has the figures")
        return [f"{scope.name}: no setting could be evaluated: {reason}"]
    choice = f"{scope.name}: {setting_words(scope.settings[scope.best])}: {scope.objectives[scope.best]:.4f}"
    certainty = scope.certainty.get(scope.best)
    if certainty is None:
        return [choice]
    compared = f"the best {len(scope.certainty)} of " if len(scope.certainty) < len(scope.settings) else ""
    return [
        f"{choice} ± {certainty.standard_error:.4f} (standard error over clips);",
        f"  {len(scope.not_told_apart)} of {compared}its {len(scope.settings)} settings cannot be told from it, "
        "itself included",
    ]


def setting_words(setting: Setting) -> str:
    """A setting for people: ``encoder.r = 0.98, detector.k = 4``."""
    return ", ".join(f"{name} = {value}" for name, value in setting.items()) or "the recipe as it is"


def best_summary(scopes: Sequence[ScopeOutcome]) -> dict[str, dict[str, Any] | None]:
    """Scope → its best setting, the objective and how sure it is; None where no setting could be evaluated."""
    return {scope.name: _summary(scope, scope.best) for scope in scopes}


def _summary(scope: ScopeOutcome, best: int | None) -> dict[str, Any] | None:
    if best is None:
        return None
    certainty = scope.certainty.get(best)
    return {
        "setting": dict(scope.settings[best]),
        "value": float(scope.objectives[best]),
        "standard_error": certainty and certainty.standard_error,
        "settings": len(scope.settings),
        "not_told_apart": len(scope.not_told_apart),
        "compared": len(scope.certainty),
        "machines": len(scope.machines),
    }


def summary_text(values: Mapping[str, Any]) -> str:
    """The best settings of a job's summary as lines for people."""
    lines = []
    for name, best in values["best"].items():
        if best is None:
            lines.append(f"{name}: no setting could be evaluated")
            continue
        sure = "" if best["standard_error"] is None else f" ± {best['standard_error']:.4f}"
        lines.append(
            f"{name}: {setting_words(best['setting'])}: {values['objective']} {best['value']:.4f}{sure}; "
            f"{best['not_told_apart']} of {best['compared']} compared settings cannot be told from it"
        )
    return "\n".join(lines)


def choices(scopes: Sequence[ScopeOutcome], setting_ids: Sequence[Sequence[str]]) -> pa.Table:
    """Rows of CHOICES: every setting of every scope, best first.

    Args:
        scopes: of the search.
        setting_ids: of each scope, the settings' ids on its first machine.
    """
    rows: list[dict[str, Any]] = []
    for scope, ids in zip(scopes, setting_ids, strict=True):
        order = scope.order.tolist()
        for number, place in enumerate(order, 1):
            row = {"scope": scope.name, "setting_id": ids[place], "setting": setting_text(scope.settings[place])}
            row |= {"place": number, "error": scope.errors.get(place)}
            if not math.isnan(value := float(scope.objectives[place])):
                row |= {"objective": value, "behind": float(scope.objectives[order[0]]) - value}
            if (certainty := scope.certainty.get(place)) is not None:
                row |= {"standard_error": certainty.standard_error, "told_apart": certainty.told_apart}
                row |= {"behind_low": certainty.low, "behind_high": certainty.high}
            rows.append(row)
    return pa.Table.from_pylist(rows, CHOICES)


def search_facts(record: Mapping[str, Any], scopes: Sequence[ScopeOutcome]) -> list[tuple[str, str]]:
    """(name, value) pairs that say how settings were chosen, for the recipe's comment and the report."""
    request, counts = record["order"], record["counts"]
    machines = [machine for scope in scopes for machine in scope.machines]
    fitted, normal = sum(m.n_fitted for m in machines), sum(m.n_normal for m in machines)
    anomalous = sum(machine.n_anomalous for machine in machines)
    dates = [date for date in record["dates"] if date != UNDATED]
    span = "undated" if not dates else dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    facts = [
        ("run", record["run_id"]),
        ("objective", request["objective"]),
        ("settings", f"{counts['settings']:,} ({request['method']}), one chosen {_PER[request['per']]}"),
        ("clips", f"{fitted:,} normal to fit to; judged on {normal:,} normal and {anomalous:,} anomalous"),
        ("validation", _VALIDATION.get(request["validation"], request["validation"])),
        ("recordings of", span),
        ("seed", str(request["seed"])),
    ]
    if steps := record.get("generated_clips"):
        facts.append(("generated clips", "; ".join(f"{name} {done}" for name, done in steps.items())))
    if counts["clips_left_out"]:
        facts.append(("clips left out", f"{counts['clips_left_out']:,}"))
    return facts


def search_warnings(record: Mapping[str, Any], scopes: Sequence[ScopeOutcome]) -> list[str]:
    """Cautions that a reader needs before the figures."""
    lines = list(record.get("notes", ()))
    if record["order"]["validation"] != "real":
        lines.append("No real anomaly was heard: how well the choice serves for real ones is not known.")
    machines = [machine for scope in scopes for machine in scope.machines]
    few = [machine.name for machine in machines if min(machine.n_normal, machine.n_anomalous) < FEW_CLIPS]
    if few:
        lines.append(f"Fewer than {FEW_CLIPS} normal or anomalous clips to judge on: {_some(few)}.")
    without = [machine.name for machine in machines if not machine.has_domains]
    if without and record["order"]["objective"] == "twfr-sum":
        lines.append(
            "No normal clips of both domains to judge on, so that AUC over all clips stands for AUC (source) and for "
            f"AUC (target) in twfr-sum: {_some(without)}."
        )
    if record["counts"]["machines_left_out"]:
        lines.append(f"{record['counts']['machines_left_out']} machines could not be judged and took no part.")
    return lines


def _some(names: Sequence[str]) -> str:
    """The first names of a list, and how many more there are."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _file_name(name: str) -> str:
    """A machine's name in the letters that a recipe's name may hold."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name).strip("-") or "machine"
