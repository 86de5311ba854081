import sys

import numpy as np
import pytest

from asd_core.training.pseudo_labels.projection import keep_compiled, projected

EVERY = np.ones


def groups(count, dim=12, seed=0):
    """Embeddings of two groups far apart, one after the other."""
    rng = np.random.default_rng(seed)
    return (rng.normal(0, 1, (count, dim)) + 30 * (np.arange(count) % 2)[:, None]).astype(np.float32)


def test_umap_keeps_groups_apart_and_places_new_clips_among_their_own():
    rows = groups(60)
    is_fitted_on = np.arange(60) < 40
    points, note = projected(rows, is_fitted_on)
    one, other = points[::2], points[1::2]
    assert note == "" and points.shape == (60, 2)
    distances = np.linalg.norm(one.mean(axis=0) - other.mean(axis=0))
    assert distances > 2 * max(np.ptp(one, axis=0).max(), np.ptp(other, axis=0).max())


def test_clips_that_are_only_placed_do_not_move_the_map():
    rows = groups(50)
    alone, _ = projected(rows[:40], EVERY(40, bool))
    beside, _ = projected(rows, np.arange(50) < 40)
    together, _ = projected(rows, EVERY(50, bool))
    assert np.array_equal(beside[:40], alone)
    assert not np.allclose(together[:40], alone)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_very_few_clips_are_placed_by_principal_components(count):
    rows = groups(count)
    points, note = projected(rows, EVERY(count, bool))
    assert "too few for UMAP" in note and points.shape == (count, 2)
    if count == 2:  # the distance along the only direction is the whole distance
        assert np.linalg.norm(points[0] - points[1]) == pytest.approx(np.linalg.norm(rows[0] - rows[1]), rel=1e-5)


@pytest.mark.parametrize("count", [6, 10, 16])
def test_small_sets_have_fewer_neighbours(count):
    points, note = projected(groups(count), EVERY(count, bool))
    assert np.isfinite(points).all()
    assert note == ("" if count == 16 else f"n_neighbors = {count - 1} in UMAP, for {count} clips")


def test_equal_embeddings_do_not_break_the_map():
    assert np.isfinite(projected(np.ones((20, 4), np.float32), EVERY(20, bool))[0]).all()


def test_what_numba_compiles_is_kept_beside_its_module(tmp_path, monkeypatch):
    (tmp_path / "doubling.py").write_text("import numba\n\n\n@numba.njit\ndef double(x):\n    return 2 * x\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import doubling

    keep_compiled(doubling)
    assert doubling.double(4) == 8 and list(tmp_path.rglob("doubling.double*.nbc"))
    del sys.modules["doubling"]
