"""Nine published systems on the development set of DCASE 2022, alone and combined.

A rule is fixed on one half of the sections (which systems, how standardised) and judged on the other half, against the
best single system chosen the same way. Scores of normals are not published, so all are standardised within a section
by one another (transductive).
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from asd_core.alarms.standardising import Rule, Standard
from asd_core.evaluation.bootstrap import JudgedClips, compare, weighted_figures
from asd_core.evaluation.comparison import markdown_table
from asd_core.evaluation.evaluate import evaluate
from asd_core.evaluation.objectives import objective_values
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.combine import combine
from asd_core.runs.embed import stored_clips
from asd_core.runs.evaluate import scored_for_evaluation
from asd_core.runs.import_scores import import_scores
from asd_core.runs.new_ensemble import new_ensemble
from asd_core.store.store import open_store

RULES: tuple[Rule, ...] = get_args(Rule)
SPLITS = 50  # random halves beside the fixed one


@dataclass(frozen=True)
class Section:
    """One section's test clips.

    Attributes:
        name: machine type and section.
        scores: (S, M) of each system, as published.
        is_anomalous: (M,).
        domains: (M,).
        recordings: (M,) names.
    """

    name: tuple[str, str]
    scores: NDArray[np.float64]
    is_anomalous: NDArray[np.bool_]
    domains: NDArray[np.str_]
    recordings: NDArray[np.str_]

    def judged(self, scores: NDArray[np.float64]) -> JudgedClips:
        """The clips with other scores, (K, M)."""
        return JudgedClips(self.name[0], self.is_anomalous, self.domains, self.recordings, scores)


@dataclass(frozen=True)
class Choice:
    """The official scores on half B of what half A chose.

    Attributes:
        single: name of the best single system on half A.
        rule: how the chosen ensemble standardises.
        members: how many systems, the best on half A first.
        scores: official scores on half B of the chosen single system, the chosen ensemble, and all systems by each
            rule.
        errors: standard errors of their gains over the chosen single system, paired bootstrap over clips; NaN where not
            asked for.
    """

    single: str
    rule: Rule
    members: int
    scores: tuple[float, ...]
    errors: tuple[float, ...]

    @property
    def gains(self) -> list[float]:
        """Official scores on half B, of the chosen ensemble and of all systems by each rule, less the single one's."""
        return [score - self.scores[0] for score in self.scores[1:]]


def product_figures(path: Path, systems: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Official score and standard error of each system and of ensembles of all, by the same functions as ``asd``."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        store, engine = open_store(folder), LocalEngine()
        recipes = {name: import_scores(store, name, [path], name)[0] for name in systems}
        for rule in RULES:
            recipe = new_ensemble(store, f"all-{rule}", {name: name for name in systems}, {}, rule)
            combine(store, recipe, engine)
            recipes[f"all nine, {rule}"] = recipe
        for name, recipe in recipes.items():
            evaluation = evaluate(scored_for_evaluation(store, recipe, stored_clips(store, recipe), engine))
            assert evaluation.official_score is not None and evaluation.official_score_standard_error is not None
            found[name] = (evaluation.official_score, evaluation.official_score_standard_error)
            print(name, *found[name], file=sys.stderr)
    return found


def sections_of(path: Path, systems: Sequence[str]) -> list[Section]:
    """The sections in the order of type and number."""
    table = pq.read_table(path).to_pylist()
    by_section: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for row in table:
        own = by_section.setdefault((row["machine_type"], row["section"]), {})
        own.setdefault(row["file"], {})[row["system"]] = row["anomaly_score"]
    return [
        Section(
            name,
            np.array([[files[file][system] for file in sorted(files)] for system in systems]),
            np.array(["_anomaly_" in file for file in sorted(files)]),
            np.array(["target" if "_target_" in file else "source" for file in sorted(files)]),
            np.array(sorted(files)),
        )
        for name, files in sorted(by_section.items())
    ]


def standardised(section: Section) -> dict[Rule, NDArray[np.float64]]:
    """Rule → scores of each system on the common scale, (S, M)."""
    return {rule: np.stack([Standard(rule, own).of(own) for own in section.scores]) for rule in RULES}


def officials(sections: Sequence[Section], scores: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Official score of each of K ways to score, from (K, M) scores of each section."""
    figures = [
        [weighted_figures(one, own.is_anomalous, own.domains, np.ones((own.scores.shape[1], 1)))[0] for one in rows]
        for own, rows in zip(sections, scores, strict=True)
    ]
    return objective_values("official", [own.name[0] for own in sections], np.array(figures))


def choose(sections: Sequence[Section], systems: Sequence[str], in_a: NDArray[np.bool_], *, with_error: bool) -> Choice:
    """Choose on the sections of half A, judge on the others.

    The candidates are means of the n systems that are best on half A, n from 2 to all, standardised by each rule.
    """
    a = [own for own, chosen in zip(sections, in_a, strict=True) if chosen]
    b = [own for own, chosen in zip(sections, in_a, strict=True) if not chosen]
    order = np.argsort(-officials(a, [own.scores for own in a]), kind="stable")
    candidates = [(rule, count) for rule in RULES for count in range(2, len(systems) + 1)]

    def fused(half: Sequence[Section]) -> list[NDArray[np.float64]]:
        scales = [standardised(own) for own in half]
        return [np.stack([scale[rule][order[:count]].mean(axis=0) for rule, count in candidates]) for scale in scales]

    best = int(np.argmax(officials(a, fused(a))))
    of_all = [candidates.index((rule, len(systems))) for rule in RULES]
    rows = [np.vstack([own.scores[order[:1]], found[[best, *of_all]]]) for own, found in zip(b, fused(b), strict=True)]
    scores = officials(b, rows)
    errors = [np.nan] * (len(scores) - 1)
    if with_error:
        pairs = [[own.judged(found[[0, place]]) for own, found in zip(b, rows, strict=True)] for place in (1, 2, 3, 4)]
        errors = [float(compare(pair, "official").behind_error.max()) for pair in pairs]
    rule, count = candidates[best]
    return Choice(systems[order[0]], rule, count, tuple(scores.tolist()), tuple(errors))


def fixed_half(count: int) -> NDArray[np.bool_]:
    """Every other section, in the order of type and number."""
    return np.arange(count) % 2 == 0


def random_halves(count: int, splits: int) -> list[NDArray[np.bool_]]:
    """Masks of half of the sections, (count,) each."""
    generator = np.random.default_rng(0)
    return [np.isin(np.arange(count), generator.permutation(count)[: count // 2]) for _ in range(splits)]


def section(real_data: Path) -> list[str]:
    """Lines of docs/accuracy.md."""
    path = real_data / "dcase2022_scores" / "dev_scores.parquet"
    systems = list(dict.fromkeys(pq.read_table(path, columns=["system"])["system"].to_pylist()))
    figures = product_figures(path, systems)
    rows = [["system", "official score"], *([name, f"{one:.4f} ± {e:.4f}"] for name, (one, e) in figures.items())]
    sections = sections_of(path, systems)
    fixed = choose(sections, systems, fixed_half(len(sections)), with_error=True)
    other = choose(sections, systems, ~fixed_half(len(sections)), with_error=True)
    drawn = [choose(sections, systems, half, with_error=False) for half in random_halves(len(sections), SPLITS)]
    names = ["best single system on A", "ensemble chosen on A", *(f"all nine, {rule}" for rule in RULES)]
    table = [["judged on half B", "every other section", "the halves exchanged", f"mean of {SPLITS} random halves"]]
    for place, name in enumerate(names):
        cells = [f"{one.scores[place]:.4f}" for one in (fixed, other)]
        mean = f"{np.mean([one.scores[place] for one in drawn]):.4f}"
        if place:
            gain = np.array([one.gains[place - 1] for one in drawn])
            cells = [
                f"{cell} ({one.gains[place - 1]:+.4f} ± {one.errors[place - 1]:.4f})"
                for cell, one in zip(cells, (fixed, other), strict=True)
            ]
            mean += f" ({gain.mean():+.4f}; above 0 in {np.mean(gain > 0):.0%})"
        table.append([name, *cells, mean])
    chosen = [f"{one.single}; {one.rule} of the best {one.members}" for one in (fixed, other)]
    table.append(["chosen on A", *chosen, ""])
    return [*markdown_table(rows), "", *markdown_table(table)]


if __name__ == "__main__":
    print("\n".join(section(Path(os.environ["ASD_REAL_DATA"]))))
