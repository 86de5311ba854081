"""Embeddings made elsewhere."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from asd_core.recipe.recipe import load_recipe


def write_npz(folder, machine="fan_id_00", train=30, normal=10, anomalous=10, dim=(4, 2), seed=0):
    """Powers of normal clips, and of anomalous ones ten times as high in one band."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    values = [rng.gamma(5.0, size=(count, *dim)).astype(np.float32) for count in (train, normal, anomalous)]
    values[2][:, 0] *= 10
    labels = np.array([0] * normal + [1] * anomalous)
    path = folder / f"{machine}.npz"
    np.savez(path, X_train=values[0], X_test=np.concatenate(values[1:]), y_test=labels)
    return path


def recipe_for(name="here", **changes):
    return load_recipe("imported-knn").with_settings({"encoder.name": name, **changes})


def write_parquet(path, count=6, dim=3, **columns):
    rows = np.random.default_rng(count).normal(size=(count, dim)).astype(np.float32)
    given = {"embedding": rows.tolist(), "machine_type": ["fan"] * count, "machine_id": ["07"] * count} | columns
    pq.write_table(pa.table({name: column for name, column in given.items() if column is not None}), path)
    return path
