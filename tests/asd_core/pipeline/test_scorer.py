import io
import json

import numpy as np
import pytest

from asd_core.alarms.thresholds import ThresholdConfig
from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.pipeline.scorer import cross_validated_false_alarm_rate, fit_scorer, fit_transform, transformed
from asd_core.pipeline.scorer_files import load_scorer, save_scorer, scorer_folder, training_uris
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store

RECIPES = ["twfr-gmm", "twfr-knn", "twfr-density-knn"]
FOLDER = scorer_folder("key", "fan", "07")


def fitted(recipe="twfr-knn", seed=0, count=40, fingerprint="f", **changes):
    values = np.random.default_rng(seed).gamma(2.0, size=(count, 6)).astype(np.float32)
    chosen = load_recipe(recipe).with_settings(changes).for_machine("fan")
    domains = np.array(["target" if i % 8 == 7 else "source" for i in range(count)])
    return fit_scorer("fan", "07", chosen, fingerprint, values, domains, [f"file:///{i}" for i in range(count)])


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("transform", ["none", "log-zscore"])
def test_a_scorer_comes_back_to_the_bit(store, recipe, transform):
    scorer = fitted(recipe, **{"embedding.transform": transform})
    version, is_new = save_scorer(store, "key", scorer)
    loaded = load_scorer(store, FOLDER, version, scorer.recipe, "f")
    strange = np.random.default_rng(1).gamma(3.0, size=(9, 6)).astype(np.float32)
    for mine, theirs in zip(scorer.score(strange), loaded.score(strange), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    mine, theirs = scorer.nearest(strange, 5), loaded.nearest(strange, 5)
    assert mine[0] == theirs[0]
    np.testing.assert_array_equal(mine[1], theirs[1])
    assert (loaded.threshold, loaded.false_alarm_rate) == (scorer.threshold, scorer.false_alarm_rate)
    assert list(loaded.notes) == list(scorer.notes) and is_new


def test_the_same_scorer_is_saved_once_and_another_is_the_next_version(store):
    first, _ = save_scorer(store, "key", fitted())
    assert save_scorer(store, "key", fitted()) == (first, False)
    second, is_new = save_scorer(store, "key", fitted(seed=1))
    assert (first[:7], second[:7], is_new) == ("v000001", "v000002", True)
    assert newest_versions(store, "key") == {FOLDER: second}
    back, is_new = save_scorer(store, "key", fitted())
    assert is_new and back[:7] == "v000003"


def test_a_scorer_of_other_embeddings_is_refused_with_the_way_out(store):
    version, _ = save_scorer(store, "key", fitted(fingerprint="old"))
    with pytest.raises(AsdError, match="was fitted on embeddings old, not new: run asd fit again"):
        load_scorer(store, FOLDER, version, fitted().recipe, "new")


@pytest.mark.parametrize("name", ["npz", "json"])
def test_a_scorer_whose_bytes_have_changed_is_refused(store, name):
    version, _ = save_scorer(store, "key", fitted())
    (path,) = [info.path for info in store.files.list(FOLDER) if info.path.endswith(name)]
    data = bytearray(store.files.read(path))
    data[len(data) // 2] ^= 1
    store.files.write(path, bytes(data))
    with pytest.raises(AsdError, match=f"{version} has changed since: remove that folder and run asd fit again"):
        load_scorer(store, FOLDER, version, fitted().recipe, "f")


def test_a_scorer_whose_arrays_are_gone_is_refused(store):
    version, _ = save_scorer(store, "key", fitted())
    next((store.files.root / FOLDER).rglob("*.npz")).unlink()
    with pytest.raises(AsdError, match="has changed since"):
        load_scorer(store, FOLDER, version, fitted().recipe, "f")


class Detonates:
    """What a pickle would execute."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def test_nothing_pickled_is_loaded_even_where_every_hash_agrees(store):
    version, _ = save_scorer(store, "key", fitted())
    head = json.loads(store.files.read(f"{FOLDER}/{version}/scorer.json"))
    sink = io.BytesIO()
    np.savez(sink, unseen=np.array([Detonates()], object))
    head["arrays"] = content_hash(sink.getvalue())
    text = json.dumps(head).encode()
    forged = f"v000002-{content_hash(text)[:8]}"
    store.files.write(f"{FOLDER}/{forged}/{head['arrays']}.npz", sink.getvalue())
    store.files.write(f"{FOLDER}/{forged}/scorer.json", text)
    with pytest.raises(AsdError, match="holds more than plain arrays"):
        load_scorer(store, FOLDER, forged, fitted().recipe, "f")


def test_one_clip_is_too_few():
    with pytest.raises(AsdError, match="1 normal clip of fan 07: at least 2 are needed"):
        fitted(count=1)


def test_log_zscore_is_the_standard_score_of_the_logarithm():
    values = np.exp(np.random.default_rng(0).normal(3, 2, (50, 4))).astype(np.float32)
    values[:, 3] = 7.0  # never varies
    scored = transformed(values, fit_transform(values, "log-zscore"))
    np.testing.assert_allclose(scored.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scored.std(axis=0), [1, 1, 1, 0], atol=1e-12)
    assert np.isfinite(transformed(np.zeros((1, 4), np.float32), fit_transform(values, "log-zscore"))).all()


def test_log_zscore_of_what_is_no_power_is_refused():
    with pytest.raises(AsdError, match="log-zscore takes powers, but an embedding holds -1.0"):
        fit_transform(np.array([[1.0], [-1.0]], np.float32), "log-zscore")


def test_no_transform_leaves_embeddings_as_they_are():
    values = np.ones((2, 3), np.float32)
    assert transformed(values, fit_transform(values, "none")) is values


def test_the_expected_false_alarm_rate_is_near_what_the_quantile_leaves():
    unseen = np.random.default_rng(0).normal(size=2000)
    rate = cross_validated_false_alarm_rate(unseen, ThresholdConfig(quantile=0.9))
    assert 0.08 < rate < 0.12
    assert np.isnan(cross_validated_false_alarm_rate(unseen[:9], ThresholdConfig()))


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


def test_the_clips_that_scorers_were_fitted_on_are_told(store):
    version, _ = save_scorer(store, "key", fitted(count=4))
    assert training_uris(store, {FOLDER: version}) == {f"file:///{i}" for i in range(4)}
    with pytest.raises(AsdError, match="v000009-0 is gone, so which clips it was fitted on is not known"):
        training_uris(store, {FOLDER: "v000009-0"})


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
