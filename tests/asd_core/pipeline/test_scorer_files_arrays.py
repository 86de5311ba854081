import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.errors import AsdError
from asd_core.pipeline.scorer import fit_scorer
from asd_core.pipeline.scorer_files import save_scorer, scorer_folder
from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store

ROWS = np.random.default_rng(0).gamma(2.0, size=(20, 4)).astype(np.float32)
TRANSFORM = {"embedding.transform": "log-zscore"}


@pytest.fixture(scope="module")
def scorer():
    recipe = load_recipe("twfr-knn").with_settings(TRANSFORM).for_machine("fan")
    return fit_scorer("fan", "07", recipe, "f", ROWS, np.full(20, "source"), [f"file:///{i}" for i in range(20)])


def test_a_scorers_arrays_are_those_of_its_detector_its_transform_and_the_unseen_scores(scorer, tmp_path):
    version, _ = save_scorer(Store(LocalFiles(tmp_path)), "key", scorer)
    (path,) = (tmp_path / scorer_folder("key", "fan", "07") / version).glob("*.npz")
    expected = {f"detector.{name}": array for name, array in scorer.detector.state().items()}
    expected |= {f"transform.{name}": array for name, array in scorer.transform.items()}
    expected |= {"unseen": scorer.unseen, "unseen_by_name": scorer.unseen_by_name}
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
        assert set(stored.files) == set(expected) and len(scorer.transform) > 0
        for name, array in expected.items():
            np.testing.assert_array_equal(stored[name], array)


class HoldsObjects:
    """A detector whose state is no plain array."""

    def state(self):
        return {"tree": np.array([{"left": None}])}


def test_a_detector_whose_state_would_run_code_to_load_is_not_saved(scorer, tmp_path):
    with pytest.raises(AsdError, match=r"must hold plain arrays, but detector.tree holds Python objects"):
        save_scorer(Store(LocalFiles(tmp_path)), "key", replace(scorer, detector=HoldsObjects()))
    assert LocalFiles(tmp_path).list() == []


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(NAMES, NAMES, NAMES)
def test_machines_of_any_names_have_folders_of_their_own_below_their_recipes(kind, one, other):
    first, second = (scorer_folder("key", kind, name) for name in (one, other))
    assert first.split("/")[:2] == ["scorers", "key"] and first.count("/") == 3
    assert (first == second) == (one == other)
