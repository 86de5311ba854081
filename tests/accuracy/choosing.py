"""Memory banks chosen on one half of the published features' test clips and judged on the other."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from asd_core.evaluation.bootstrap import JudgedClips
from asd_core.evaluation.choice_on_halves import choose_on_halves
from asd_core.evaluation.comparison import markdown_table
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe
from asd_core.runs.embed import stored_clips
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.store.store import open_store
from asd_core.tuning.evaluate_settings import evaluate_machine
from asd_core.tuning.gather.gather import gather
from asd_core.tuning.space.setting import Setting
from asd_core.tuning.space.space import new_space
from asd_core.tuning.validations import labelled_validations

SPLITS = 20
SPACE = new_space(
    {
        "detector.density": {"choice": ["none", "nearest", "least"]},
        "detector.density_k": {"grid": [4, 8, 16, 32]},
        "detector.whitening": {"choice": ["none", "half", "full"]},
        "detector.k": {"grid": [1, 2, 4, 8, 16]},
    }
)
PLAIN: Setting = {"detector.density": "none", "detector.density_k": 4, "detector.whitening": "none", "detector.k": 4}
RECIPE = Recipe(
    "choosing",
    {
        "encoder": {"kind": "imported", "name": "modspec"},
        "embedding": {"transform": "log-zscore"},
        "detector": {"kind": "memory_bank"},
    },
)


def scored(real_data: Path, settings: Sequence[Setting]) -> list[JudgedClips]:
    """The test clips of every id with their scores under every setting."""
    files = sorted((real_data / "dcase2020_dev_modspec_features").glob("*.npz"))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"{folder}/store")
        import_embeddings(store, "modspec", files)
        clips = stored_clips(store, RECIPE)
        train, test = (clips.filter(pc.equal(clips["split"], split)) for split in ("train", "test"))
        validations, _ = labelled_validations(train, test)
        machines = gather(store, RECIPE, clips, validations, [{}], f"{folder}/data", LocalEngine()).machines
        judged = []
        for machine in machines:
            rows = [score.clip_scores for score in evaluate_machine(machine, RECIPE, settings)]
            labels = (machine.is_anomalous, machine.domains, machine.recordings)
            judged.append(JudgedClips(machine.machine_type, *labels, np.stack(rows)))
            print(f"scored {machine.machine_type} {machine.machine_id}", file=sys.stderr)
    return judged


def section(real_data: Path) -> list[str]:
    """Lines of docs/accuracy.md: the table of the choices."""
    settings = list(SPACE.grid())
    found = choose_on_halves(scored(real_data, settings), settings.index(PLAIN), SPLITS)
    choices = {
        "kNN, k = 4, nothing chosen": found.plain,
        "best setting for all ids": found.for_all,
        "best setting of each machine type (`asd tune`)": found.by_type,
        "best setting of each id (`--per machine`)": found.by_machine,
    }
    rows = [["setting", "AUC on half B", "least of a split", "against plain kNN"]]
    for name, aucs in choices.items():
        gain = (aucs - found.plain).mean()
        rows.append([name, f"{aucs.mean():.4f}", f"{aucs.min():.4f}", f"{gain:+.4f}"])
        print(*rows[-1], file=sys.stderr)
    return [
        f"Memory banks chosen on half A of the test clips from {len(settings)} settings "
        "(k, density, density_k, whitening) and",
        f"judged on half B: AUC on B, mean over the 12 ids and {SPLITS} splits.",
        "",
        *markdown_table(rows),
    ]


if __name__ == "__main__":
    print("\n".join(section(Path(os.environ["ASD_REAL_DATA"]))))
