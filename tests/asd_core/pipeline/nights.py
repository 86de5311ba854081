"""Training clips of a machine over nights: rows of EMBEDDINGS, and a scorer fitted to them."""

import numpy as np
import pyarrow as pa

from asd_core.pipeline.fitted_nights import FITTED_NIGHTS
from asd_core.pipeline.night_evidence import learnt_fleet
from asd_core.pipeline.scorer import fit_scorer
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.store.tables import EMBEDDINGS, embedding_column


def night_values(nights, clips, within=1.0, between=1.0, seed=0, dim=6):
    """Embeddings (nights * clips, dim): a part of the night, common to its clips, and a part of the clip."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(nights, clips, dim)) * within
    return (own + rng.normal(size=(nights, 1, dim)) * between).reshape(-1, dim).astype(np.float32)


def training_rows(values, nights, domains=None, segments=1):
    """Rows of EMBEDDINGS; every so many of them are the segments of one clip."""
    count = len(values)
    clip = np.arange(count) // segments
    ids = [f"clip{number:03d}" for number in clip]
    columns = {field.name: [None if field.nullable else ""] * count for field in EMBEDDINGS}
    columns |= {"clip_id": ids, "uri": [f"file:///{name}" for name in ids], "date": list(nights), "size": [1] * count}
    columns |= {"machine_type": ["fan"] * count, "machine_id": ["07"] * count, "level_db": [-20.0] * count}
    columns |= {"domain": list(domains) if domains is not None else ["source"] * count}
    columns |= {"embedding": embedding_column(values, np.ones(count, bool))}
    if segments > 1:
        columns |= {
            "segment": list(np.arange(count) % segments),
            "segment_start": list(np.arange(count) % segments * 1.0),
        }
    return pa.table(columns, schema=EMBEDDINGS)


def scorer_of(rows, values, recipe="twfr-knn", segments=1, groups=None, **changes):
    """The scorer that a fit makes of these rows."""
    base = Recipe("mine", {}) if "detector.kind" in changes else load_recipe(recipe)
    chosen = base.with_settings(changes).for_machine("fan")
    domains = np.array(rows["domain"].to_pylist())
    given = () if segments == 1 else ((), np.arange(len(values)) // segments, np.arange(len(values)) % segments * 1.0)
    return fit_scorer("fan", "07", chosen, "f", values, domains, rows["uri"].to_pylist(), *given, groups=groups)


def fitted_rows(scores, folders, left_out="night", version="v1"):
    """Rows of FITTED_NIGHTS: scores (machines, nights, clips) of the machines of scorer folders."""
    _, nights, clips = scores.shape
    dates = [f"2026-10-{night + 1:02d}" for night in range(nights) for _ in range(clips)]
    columns = {"folder": [folder for folder in folders for _ in dates], "night": dates * len(folders)}
    columns |= {"version": [version] * scores.size, "left_out": [left_out] * scores.size}
    columns |= {"anomaly_score": scores.ravel(), "level_db": [-20.0] * scores.size}
    return pa.table({name: columns[name] for name in FITTED_NIGHTS.names}).cast(FITTED_NIGHTS)


def learnt_machines(machines, nights, seed=0):
    """A fleet of fans 00, 01, ... that has learnt so many nights of five clips under the KEY ``key``."""
    folders = [scorer_folder("key", "fan", f"{number:02d}") for number in range(machines)]
    scores = np.random.default_rng(seed).normal(size=(machines, nights, 5))
    return learnt_fleet(fitted_rows(scores, folders), dict.fromkeys(folders, "v1"))
