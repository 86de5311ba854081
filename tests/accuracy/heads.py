"""`python -m tests.accuracy.heads`: heads on the published modulation-spectrum features, with and without training.

Everything goes through the same import, training, fit and score as the commands. Labels are machine types and ids of
training normals. Each seed trains a head anew; its untrained twin has the same seed, shape and detector. Scores are
fused with fixed weights, each standardised on normals that its own detector and head have not seen.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.evaluation.bootstrap import JudgedClips, compare
from asd_core.evaluation.comparison import markdown_table
from asd_core.evaluation.metrics import auc, pauc
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.scorer_files import load_scorer, scorer_folder
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.recipe.named_encoder import with_encoder
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.runs.embed import stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.runs.score import score
from asd_core.runs.train_head import train_heads
from asd_core.store.store import Store, open_store

SEEDS = range(5)
WEIGHTS = {"density kNN": 2.0, "head, kNN": 1.0, "head, class NLL": 1.0}
UNTRAINED = {"training.learning_rate": 1e-30, "training.epochs": 1}  # batch norms are measured, no weight moves
PARTS = {"all 12": ("ToyCar", "fan", "slider"), "ToyCar, fan": ("ToyCar", "fan"), "slider": ("slider",)}
DENSITY = Recipe(
    "density",
    {
        "encoder": {"kind": "imported", "name": "modspec"},
        "embedding": {"transform": "log-zscore"},
        "detector": {"kind": "memory_bank", "k": 4, "density": "least", "whitening": "half", "groups": 8},
    },
)
HEAD = load_recipe("head").with_settings({"encoder.name": "modspec", "embedding.transform": "log-zscore"})
Machine = tuple[str, str]


class Scores:
    """Scores of a method: of test clips, and of normals that it has not seen, by machine."""

    def __init__(self, test: Mapping[Machine, NDArray[np.float64]], unseen: Mapping[Machine, NDArray[np.float64]]):
        self.test, self.unseen = test, unseen

    def standardised(self) -> Scores:
        """Both in deviations of the unseen normals from their mean."""
        centres = {one: (values.mean(), values.std()) for one, values in self.unseen.items()}
        test, unseen = (
            {one: (values - centres[one][0]) / centres[one][1] for one, values in own.items()}
            for own in (self.test, self.unseen)
        )
        return Scores(test, unseen)


def fused(methods: Mapping[str, Scores], weights: Mapping[str, float]) -> dict[Machine, NDArray[np.float64]]:
    """The weighted sum of standardised scores of test clips, by machine."""
    parts = {name: methods[name].standardised().test for name in weights}
    machines = next(iter(parts.values()))
    return {one: np.sum([weight * parts[name][one] for name, weight in weights.items()], axis=0) for one in machines}


def scored(store: Store, recipe: Recipe) -> tuple[Scores, dict[Machine, NDArray[np.bool_]]]:
    """Scores of a recipe that is fitted to the training clips, and which test clips are anomalous."""
    clips = stored_clips(store, recipe)
    fit(store, recipe, clips.filter(pc.equal(clips["split"], "train")), LocalEngine())
    rows = store.read_scores(score(store, recipe, clips.filter(pc.equal(clips["split"], "test")), LocalEngine()))
    rows = rows.sort_by("uri")
    keys = list(zip(rows["machine_type"].to_pylist(), rows["machine_id"].to_pylist(), strict=True))
    places = {machine: np.array([key == machine for key in keys]) for machine in sorted(set(keys))}
    values, anomalous = rows["anomaly_score"].to_numpy(), pc.equal(rows["condition"], "anomalous").to_numpy()
    versions, unseen = newest_versions(store, recipe.key()), {}
    for machine in places:
        folder, own = scorer_folder(recipe.key(), *machine), recipe.for_machine(machine[0])
        unseen[machine] = load_scorer(store, folder, versions[folder], own, recipe.fingerprint(machine[0])).unseen
    test = {machine: values[place] for machine, place in places.items()}
    return Scores(test, unseen), {machine: anomalous[place] for machine, place in places.items()}


def trained(store: Store, name: str, changes: Mapping[str, object]) -> str:
    """Train heads with changed settings, and return their name."""
    recipe = HEAD.with_settings(changes)
    clips = stored_clips(store, recipe)
    train_heads(store, recipe, name, clips.filter(pc.equal(clips["split"], "train")), LocalEngine())
    return name


def of_head(store: Store, name: str) -> dict[str, Scores]:
    """Scores of both detectors on heads of a name."""
    found = {}
    for method, recipe in (("head, kNN", load_recipe("head")), ("head, class NLL", load_recipe("head-nll"))):
        found[method], _ = scored(store, with_encoder(recipe, name, store.encoder_names(), store.files.url))
    return found


def figures(
    test: Mapping[Machine, NDArray[np.float64]], anomalous: Mapping[Machine, NDArray[np.bool_]], part: Sequence[str]
) -> NDArray[np.float64]:
    """Mean AUC and pAUC over the machines of some types."""
    own = [machine for machine in anomalous if machine[0] in part]
    pairs = [(auc(test[one], anomalous[one]), pauc(test[one], anomalous[one])) for one in own]
    return np.asarray(np.mean(pairs, axis=0))


def false_alarms(scores: Scores, anomalous: Mapping[Machine, NDArray[np.bool_]]) -> float:
    """Mean share over machines of test normals above the 0.9 quantile of unseen normals."""
    rates = [np.mean(scores.test[one][~mask] > np.quantile(scores.unseen[one], 0.9)) for one, mask in anomalous.items()]
    return float(np.mean(rates))


def ahead(
    first: Mapping[Machine, NDArray[np.float64]],
    second: Mapping[Machine, NDArray[np.float64]],
    anomalous: Mapping[Machine, NDArray[np.bool_]],
    objective: str,
) -> tuple[float, float]:
    """How far the first is ahead of the second, and the standard error of that by a paired bootstrap of clips."""
    clips = [
        JudgedClips(
            machine[0],
            mask,
            np.full(len(mask), "", np.str_),
            np.arange(len(mask)).astype(np.str_),
            np.stack([first[machine], second[machine]]),
        )
        for machine, mask in anomalous.items()
    ]
    found = compare(clips, objective)
    error = (found.behind_high - found.behind_low).max() / (2 * 1.96)
    return float(found.objective[0] - found.objective[1]), float(error)


def section(real_data: Path) -> list[str]:
    """Lines of docs/accuracy.md."""
    files = sorted((real_data / "dcase2020_dev_modspec_features").glob("*.npz"))
    by_seed: list[dict[str, dict[Machine, NDArray[np.float64]]]] = []
    alarms: dict[str, list[float]] = {}
    gains: list[list[str]] = [["seed", "AUC", "pAUC"]]
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(folder)
        import_embeddings(store, "modspec", files)
        density, anomalous = scored(store, DENSITY)
        for seed in SEEDS:
            seeded = {"training.seed": seed}
            methods = {"density kNN": density, **of_head(store, trained(store, f"head-{seed}", seeded))}
            twin = of_head(store, trained(store, f"untrained-{seed}", seeded | UNTRAINED))
            methods |= {f"{name}, untrained": one for name, one in twin.items()}
            tests = {name: one.test for name, one in methods.items()}
            tests["density kNN + head, kNN"] = fused(methods, {"density kNN": 1.0, "head, kNN": 1.0})
            tests["density kNN + head, kNN and NLL"] = fused(methods, WEIGHTS)
            for name, one in methods.items():
                alarms.setdefault(name, []).append(false_alarms(one, anomalous))
            by_seed.append(tests)
            best = tests["density kNN + head, kNN and NLL"]
            pairs = [ahead(best, density.test, anomalous, objective) for objective in ("auc", "pauc")]
            gains.append([str(seed), *(f"{gain:+.3f} ± {error:.3f}" for gain, error in pairs)])
            whole = {name: figures(one, anomalous, PARTS["all 12"]).round(4).tolist() for name, one in tests.items()}
            print(gains[-1], whole, file=sys.stderr)
    rows = [["score", *(f"{part}: AUC / pAUC" for part in PARTS), "false alarms"]]
    for name in by_seed[0]:
        cells = []
        for part in PARTS.values():
            each = np.array([figures(tests[name], anomalous, part) for tests in by_seed])
            spread = f" (± {each.std(axis=0, ddof=1)[0]:.3f})" if np.ptp(each, axis=0).max() > 1e-9 else ""
            cells.append("{:.3f} / {:.3f}".format(*each.mean(axis=0)) + spread)
        rows.append([name, *cells, f"{np.mean(alarms[name]):.1%}" if name in alarms else ""])
    return [
        *markdown_table(rows),
        "",
        "The last row against density kNN alone, over the 12 machines (paired bootstrap of clips, ± standard error):",
        "",
        *markdown_table(gains),
    ]


if __name__ == "__main__":
    print("\n".join(section(Path(os.environ["ASD_REAL_DATA"]))))
