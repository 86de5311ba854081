"""The page of a search: its best settings, how sure they are, and charts of all it tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asd_core.digest import name_hash
from asd_core.pages.html import render_page
from asd_core.pages.search.curves import Curves, draw_curves
from asd_core.pages.search.fields import text_of
from asd_core.pages.search.heat_map import HeatMap, draw_heat_map
from asd_core.pages.search.parallel_coordinates import ParallelCoordinates, draw_parallel_coordinates
from asd_core.store.files import Files
from asd_core.tuning.best_settings import setting_words
from asd_core.tuning.outcome import Certainty, ScopeOutcome

_SECTIONS = 100  # scopes with a section of their own
_ROWS = 100  # settings in a scope's table
_MACHINES = 24  # with a curve
_OBJECTIVES = {
    "auc": "AUC, mean over machines",
    "pauc": "pAUC (max FPR 0.1), mean over machines",
    "mean": "mean of AUC and pAUC over machines",
    "official": "official DCASE score",
    "twfr-sum": "hmean AUC (source) + hmean AUC (target) + hmean pAUC over machines",
}


@dataclass(frozen=True)
class SearchReport:
    """The contents of the page.

    Attributes:
        recipe: name of the recipe searched from.
        objective: name of the objective.
        facts: (name, value) of the request and its data.
        scopes: the results, one for each choice of a setting.
        left_out: (machine, reason) of machines that could not be judged.
        unusable: (address, reason) of clips that were left out, or of some of them.
        warnings: reservations that a reader must know before the figures.
        recipes: name → text of the recipes with the settings chosen.
    """

    recipe: str
    objective: str
    facts: Sequence[tuple[str, str]]
    scopes: Sequence[ScopeOutcome]
    left_out: Sequence[tuple[str, str]]
    unusable: Sequence[tuple[str, str]]
    warnings: Sequence[str]
    recipes: Mapping[str, str]


@dataclass(frozen=True)
class SettingRow:
    """A setting in a scope's table; place 1 is the best."""

    place: int
    values: tuple[str, ...]
    objective: float
    certainty: Certainty | None


@dataclass(frozen=True)
class Section:
    """One scope on the page."""

    scope: ScopeOutcome
    anchor: str
    chosen: str
    fields: tuple[str, ...]
    rows: tuple[SettingRow, ...]
    curves: Curves | None
    heat_map: HeatMap | None
    parallel: ParallelCoordinates | None


def write_search_page(report: SearchReport, files: Files, folder: str) -> str:
    """Write ``folder/index.html`` and return its path; the same report gives the same bytes."""
    sections = [_section(scope, report.objective) for scope in report.scopes[:_SECTIONS]]
    page = render_page(
        "search/page.html",
        styles=["search/page.css"],
        report=report,
        sections=sections,
        objective=_OBJECTIVES.get(report.objective, report.objective),
        n_machines=sum(len(scope.machines) for scope in report.scopes),
        facts=report.facts,
    )
    path = f"{folder}/index.html"
    files.write(path, page)
    return path


def _section(scope: ScopeOutcome, objective: str) -> Section:
    fields = tuple(one.name for one in scope.dimensions)
    rows = tuple(
        SettingRow(
            number,
            tuple(text_of(scope.settings[place].get(name)) for name in fields),
            float(scope.objectives[place]),
            scope.certainty.get(place),
        )
        for number, place in enumerate(scope.ranked[:_ROWS], 1)
    )
    return Section(
        scope,
        name_hash(scope.name),
        "" if scope.best is None else setting_words(scope.settings[scope.best]),
        fields,
        rows,
        draw_curves(scope, objective == "auc", _MACHINES),
        draw_heat_map(scope),
        draw_parallel_coordinates(scope),
    )
