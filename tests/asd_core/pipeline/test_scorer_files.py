import io
import json
from dataclasses import replace

import numpy as np
import pytest

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.pipeline.scorer_files import load_scorer, save_scorer
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.scorers import FOLDER, RECIPES, fitted


class Detonates:
    """What a pickle would execute."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


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


def fields(scorer):
    return scorer.threshold, scorer.false_alarm_rate, list(scorer.notes)


@pytest.mark.parametrize("judged", [{"quantile": 0.99}, {"quantile": 0.5}, {"kind": "gamma"}])
@pytest.mark.parametrize("former", [{}, {"quantile": 0.999}])
@pytest.mark.parametrize("segments", [1, 3])
def test_another_threshold_is_taken_from_the_stored_scores_as_a_fit_would(store, judged, former, segments):
    before, now = ({f"threshold.{name}": value for name, value in rule.items()} for rule in (former, judged))
    version, _ = save_scorer(store, "key", fitted(segments=segments, **before))
    again = fitted(segments=segments, **now)
    loaded = load_scorer(store, FOLDER, version, again.recipe, "f")
    assert fields(loaded) == fields(again) and loaded.is_judged_anew
    assert save_scorer(store, "key", again) == (version, False)


def test_a_scorer_whose_threshold_stays_is_judged_as_it_was(store):
    scorer = fitted(**{"threshold.quantile": 0.999})
    version, _ = save_scorer(store, "key", scorer)
    loaded = load_scorer(store, FOLDER, version, scorer.recipe, "f")
    assert fields(loaded) == fields(scorer) and not loaded.is_judged_anew and loaded.notes


def test_the_false_alarm_rate_of_a_scorer_of_before_is_unknown_under_another_threshold(store):
    version, _ = save_scorer(store, "key", replace(fitted(), unseen_by_name=None))
    loaded = load_scorer(store, FOLDER, version, fitted(**{"threshold.quantile": 0.5}).recipe, "f")
    assert np.isnan(loaded.false_alarm_rate) and loaded.threshold == fitted(**{"threshold.quantile": 0.5}).threshold


def test_a_scorer_that_differs_in_more_than_its_threshold_is_the_next_version(store):
    save_scorer(store, "key", fitted())
    other = replace(fitted(**{"threshold.quantile": 0.5}), median_level_db=-20.0)
    assert save_scorer(store, "key", other)[0][:7] == "v000002"
    next((store.files.root / FOLDER).rglob("v000002*/*.npz")).unlink()
    third = replace(other, recipe=fitted().recipe, threshold=fitted().threshold)
    assert save_scorer(store, "key", third)[0][:7] == "v000003"
