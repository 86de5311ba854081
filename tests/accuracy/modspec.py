"""`make accuracy`: every detector on the published modulation-spectrum features, and docs/accuracy.md from it.

Everything goes through the same import, fit, score and evaluate as the commands.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import soundfile

from asd_core.encoders.build import new_encoder
from asd_core.evaluation.comparison import machine_table, method_table
from asd_core.evaluation.evaluate import Evaluation, evaluate
from asd_core.evaluation.metrics import auc, pauc
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.scorer import fit_scorer
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.runs.embed import stored_clips
from asd_core.runs.embedding_files import read_embeddings
from asd_core.runs.fit import fit
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.runs.score import score
from asd_core.store.store import Store, open_store
from tests.accuracy import choosing, sub_banks

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
BEGIN, END = "<!-- figures: made by make accuracy -->\n", "<!-- end of figures -->\n"
BANK: dict[str, Any] = {"kind": "memory_bank", "k": 4}
DETECTORS: dict[str, dict[str, Any]] = {
    "kNN, k = 4": BANK,
    "kNN, cosine": {**BANK, "metric": "cosine"},
    "kNN, half-whitened": {**BANK, "whitening": "half"},
    "kNN, fully whitened": {**BANK, "whitening": "full"},
    "density kNN, nearest": {**BANK, "density": "nearest"},
    "density kNN, least": {**BANK, "density": "least"},
    "density kNN, least, half-whitened": {**BANK, "density": "least", "whitening": "half"},
    "density kNN, least, a bank for each modulation band": {**BANK, "density": "least", "groups": 8},
    "the same, half-whitened": {**BANK, "density": "least", "whitening": "half", "groups": 8},
    "GMM, K = 2 (falls back)": {"kind": "gmm"},
    "GMM, K = 2, likelihood": {"kind": "gmm", "score": "nll"},
    "GMM, K = 2, strict": {"kind": "gmm", "strict": True},
    "GMM, K = 2, diagonal": {"kind": "gmm", "covariance": "diag"},
    "k-means, 16, cosine": {"kind": "kmeans"},
    "k-means, 16, Euclidean": {"kind": "kmeans", "metric": "euclidean"},
}
BY_MACHINE = ("kNN, k = 4", "density kNN, least", "density kNN, least, half-whitened")


def evaluated(store: Store, detector: dict[str, Any], threshold: str = "quantile") -> Evaluation:
    """Fit, score and evaluate one detector on all machines of the store."""
    settings = {
        "encoder": {"kind": "imported", "name": "modspec"},
        "embedding": {"transform": "log-zscore"},
        "detector": detector,
        "threshold": {"kind": threshold, "quantile": 0.9},
    }
    recipe = Recipe("accuracy", settings)
    clips = stored_clips(store, recipe)
    fit(store, recipe, clips.filter(pc.equal(clips["split"], "train")), LocalEngine())
    record = score(store, recipe, clips.filter(pc.equal(clips["split"], "test")), LocalEngine())
    return evaluate(store.read_scores(record))


def level_only(files: list[Path]) -> tuple[float, float]:
    """The trivial twin: how far a clip's mean log power is from the training mean, and nothing else."""
    figures = []
    for file in files:
        rows, powers = read_embeddings(file, "level")
        level = np.log(powers.astype(np.float64) + 1e-12).mean(axis=1)
        test = np.array(rows["split"].to_pylist()) == "test"
        anomalous = np.array(rows["condition"].to_pylist())[test] == "anomalous"
        stray = np.abs(level[test] - level[~test].mean())
        figures.append((auc(stray, anomalous), pauc(stray, anomalous)))
    mean = np.mean(figures, axis=0)
    return float(mean[0]), float(mean[1])


def false_alarms_in_folds(clips: list[Path], recipe: Recipe, folds: int = 5, seed: int = 0) -> list[float]:
    """Share of held-out normal clips flagged, fold by fold, of a scorer fitted on the others."""
    encoder = new_encoder(recipe.for_machine("slider").encoder)
    embeddings = np.concatenate([encoder.embed(soundfile.read(c, dtype="float32")[0][None]) for c in clips])
    fold = np.random.default_rng(seed).permutation(len(clips)) % folds
    rates = []
    for held_out in range(folds):
        kept = embeddings[fold != held_out]
        names = [str(i) for i in range(len(kept))]
        domains = np.full(len(kept), "source")
        scorer = fit_scorer("slider", "00", recipe.for_machine("slider"), "f", kept, domains, names)
        scores, _ = scorer.score(embeddings[fold == held_out])
        rates.append(float(np.mean(scores > scorer.threshold)))
    return rates


def figures(real_data: Path) -> str:
    """The tables, as Markdown."""
    files = sorted((real_data / "dcase2020_dev_modspec_features").glob("*.npz"))
    evaluations: dict[str, Evaluation] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(folder)
        import_embeddings(store, "modspec", files)
        runs = [(name, detector, "quantile") for name, detector in DETECTORS.items()]
        for name, detector, threshold in [*runs, ("kNN, k = 4, gamma threshold", BANK, "gamma")]:
            evaluations[name] = evaluated(store, detector, threshold)
            print(method_table({name: evaluations[name]})[-1], file=sys.stderr)
    trivial = level_only(files)
    sliders = sorted((real_data / "dcase2020_task2_dev_subset/slider/train").glob("*.flac"))
    lines = [
        *method_table(evaluations),
        f"| *level only (trivial twin)* | {trivial[0]:.3f} | {trivial[1]:.3f} | | | |",
        "",
        *machine_table({name: evaluations[name] for name in BY_MACHINE}),
        "",
        f"False alarms on held-out normals of slider 00, {len(sliders)} clips in 5 folds:",
        "",
    ]
    for name in ("fleet", "twfr-gmm", "twfr-gmm-strict", "twfr-knn", "twfr-density-knn"):
        rates = false_alarms_in_folds(sliders, load_recipe(name))
        lines.append(f"- `{name}`: {np.mean(rates):.1%} (folds {', '.join(f'{rate:.0%}' for rate in rates)})")
    return "\n".join([*lines, "", *sub_banks.section(real_data), "", *choosing.section(real_data)]) + "\n"


def main() -> None:
    """Replace the figures in docs/accuracy.md."""
    folder = os.environ.get("ASD_REAL_DATA")
    if not folder:
        sys.exit("ASD_REAL_DATA names no folder of real features: see CONTRIBUTING.md")
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    PAGE.write_text(before + BEGIN + figures(Path(folder)) + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
