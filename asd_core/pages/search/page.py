"""The report of a search: its best settings, how sure they are, and figures of all it tried."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asd_core.digest import name_hash
from asd_core.pages import words
from asd_core.pages.html import csp_hash, page_texts
from asd_core.pages.search import Curves, HeatMap, Parallel, curves, draw_curves, draw_heat_map, draw_parallel
from asd_core.pages.search import heat_map as heat_map_chart
from asd_core.pages.search import parallel as parallel_chart
from asd_core.readable import clip_name, readable
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
    """What the page tells.

    Attributes:
        recipe: name of the recipe searched from.
        objective: name of what was searched for.
        facts: (name, value) of what was asked for and on what.
        scopes: what came of it.
        left_out: (machine, why) of machines that could not be judged.
        unusable: (address, why) of clips that were left out, or of some of them.
        warnings: what a reader must know before the figures.
        recipes: name → text of the recipes that came out.
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
    """A setting in a scope's table."""

    place: int
    values: tuple[str, ...]
    objective: float
    behind: float
    certainty: Certainty | None


@dataclass(frozen=True)
class Section:
    """One scope on the page."""

    scope: ScopeOutcome
    anchor: str
    chosen: str
    fields: tuple[str, ...]
    rows: tuple[SettingRow, ...]
    n_failed: int
    curves: Curves | None
    heat_map: HeatMap | None
    parallel: Parallel | None


def write_search_page(report: SearchReport, files: Files, folder: str) -> str:
    """Write ``folder/index.html`` and return its path; the same report gives the same bytes."""
    path = f"{folder}/index.html"
    files.write(path, _render(report).encode("utf-8", "replace"))
    return path


def _render(report: SearchReport) -> str:
    import jinja2
    import markupsafe

    style = page_texts("page.css", "search/page.css")
    environment = jinja2.Environment(
        loader=jinja2.DictLoader({name: page_texts(f"search/{name}") for name in ("page.html", "charts.html")}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(figure=_figure, number=words.count, readable=readable, tick=words.tick)
    environment.filters.update(clip_name=clip_name, text=lambda value: f"{value:g}")
    environment.globals.update(counted=words.counted, curve_chart=curves, heat_chart=heat_map_chart)
    environment.globals.update(parallel_chart=parallel_chart)
    sections = [_section(scope, report.objective) for scope in report.scopes[:_SECTIONS]]
    return environment.get_template("page.html").render(
        report=report,
        sections=sections,
        objective=_OBJECTIVES.get(report.objective, report.objective),
        overview=[(section, scope) for section, scope in zip(sections, report.scopes, strict=False)],
        n_machines=sum(len(scope.machines) for scope in report.scopes),
        style=markupsafe.Markup(style),
        style_hash=csp_hash(style),
    )


def _section(scope: ScopeOutcome, objective: str) -> Section:
    fields = tuple(one.name for one in scope.dimensions)
    best = scope.best
    places = [place for place in scope.order.tolist() if not math.isnan(scope.objectives[place])]
    rows = [
        SettingRow(
            number,
            tuple(_value(scope.settings[place].get(name)) for name in fields),
            float(scope.objectives[place]),
            float(scope.objectives[places[0]] - scope.objectives[place]),
            scope.certainty.get(place),
        )
        for number, place in enumerate(places[:_ROWS], 1)
    ]
    return Section(
        scope,
        name_hash(scope.name),
        "" if best is None else setting_words(scope.settings[best]),
        fields,
        tuple(rows),
        len(scope.settings) - len(places),
        draw_curves(scope, objective == "auc", _MACHINES),
        draw_heat_map(scope),
        draw_parallel(scope),
    )


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _figure(value: float | None) -> str:
    """An AUC or an objective with three decimals."""
    if value is None or math.isnan(value):
        return "–"
    return f"{round(value, 3) + 0.0:.3f}".replace("-", "−")  # no minus before zero
