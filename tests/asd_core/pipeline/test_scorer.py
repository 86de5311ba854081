import numpy as np
import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.scorer import fit_scorer
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.scorers import fitted


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def test_one_clip_is_too_few():
    with pytest.raises(AsdError, match="1 normal clip of fan 07: at least 2 are needed"):
        fitted(count=1)


def test_the_expected_false_alarm_rate_follows_the_scores_and_not_their_number_alone():
    assert len({fitted(seed=seed, count=60).false_alarm_rate for seed in range(5)}) > 1


def test_a_run_of_normals_unlike_the_others_is_expected_to_be_flagged():
    values = np.random.default_rng(0).normal(size=(100, 6)).astype(np.float32)
    values[40:50] *= 9.0
    names = [f"file:///{i:03d}" for i in range(100)]
    order = np.random.default_rng(1).permutation(100)
    recipe = load_recipe("twfr-knn").for_machine("fan")
    rows, uris = values[order], [names[i] for i in order]
    scorer = fit_scorer("fan", "07", recipe, "f", rows, np.full(100, "source"), uris)
    assert scorer.false_alarm_rate >= 0.1
    np.testing.assert_array_equal(scorer.unseen, np.sort(scorer.unseen))


def test_a_machine_of_a_long_name_has_a_folder_of_its_own(store):
    names = ["送風機" * 12 + number for number in ("一", "二")]
    folders = {scorer_folder("key", "fan", name) for name in names}
    assert len(folders) == 2
    for folder in folders:
        store.files.write(f"{folder}/scorer.json", b"{}")


def test_normals_of_the_training_kind_are_flagged_about_as_often_as_expected():
    scorer = fitted(count=400)
    fresh = np.random.default_rng(7).gamma(2.0, size=(2000, 6)).astype(np.float32)
    scores, p_values = scorer.score(fresh)
    assert 0.06 < np.mean(scores > scorer.threshold) < 0.14
    assert p_values.min() > 0.0 and p_values.max() <= 1.0
    assert abs(np.mean(p_values) - 0.5) < 0.05


def test_the_nearest_clip_of_a_training_clip_is_itself():
    scorer = fitted()
    values = np.random.default_rng(0).gamma(2.0, size=(40, 6)).astype(np.float32)
    uris, distances = scorer.nearest(values[:3], 2)
    assert [row[0] for row in uris] == ["file:///0", "file:///1", "file:///2"]
    np.testing.assert_allclose(distances[:, 0], 0, atol=1e-3)
