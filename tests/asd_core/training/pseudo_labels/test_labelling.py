import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import adjusted_rand_score

from asd_core.store.pseudo_label_tables import PSEUDO_LABELS
from asd_core.training.pseudo_labels.labelling import adjusted_rand, label_machine, without_place
from asd_core.training.pseudo_labels.method import PseudoLabelMethod
from tests.asd_core.training.pseudo_labels.clips import embeddings_of, fans

TWFR = PseudoLabelMethod("twfr")


def mixed():
    """Clips of both domains and of the test, and which are training normals."""
    clips = pa.concat_tables([fans(40), fans(8, domain="target"), fans(6, split="test")])
    return clips, embeddings_of(clips), np.arange(54) < 48


def test_each_domain_is_clustered_by_itself_and_finds_the_hidden_conditions():
    rows, found = label_machine(*mixed(), TWFR)
    assert rows.schema == PSEUDO_LABELS
    assert [(one.domain, one.clips, one.attributes) for one in found] == [("source", 40, 2), ("target", 8, 2)]
    assert found[0].adjusted_rand > 0.8 and found[1].adjusted_rand == 1
    domains = {label.split()[2] for label in rows["pseudo_label"].drop_null().to_pylist()}
    assert domains == {"source", "target"}


def test_clips_that_are_not_trained_on_have_a_place_and_no_label():
    rows, _ = label_machine(*mixed(), TWFR)
    assert rows["pseudo_label"][48:].null_count == 6 and rows["x"].null_count == 0
    assert rows["is_fitted_on"].to_pylist() == [True] * 48 + [False] * 6


def test_a_transductive_map_is_fitted_to_test_clips_and_says_so():
    method = PseudoLabelMethod("twfr", transductive=True)
    rows, _ = label_machine(*mixed(), method)
    assert rows["is_fitted_on"].to_pylist() == [True] * 54 and rows["pseudo_label"][48:].null_count == 6
    assert set(rows["method"].to_pylist()) == {method.words} and "transductive" in method.words


def test_a_domain_has_no_more_clusters_than_it_may():
    _, found = label_machine(*mixed(), PseudoLabelMethod("twfr", most_source=1, most_target=1))
    assert [one.clusters for one in found] == [1, 1]


def test_without_attributes_there_is_no_agreement():
    clips = fans(20, attributes=False)
    _, (found,) = label_machine(clips, embeddings_of(clips), np.ones(20, bool), TWFR)
    assert found.adjusted_rand is None and found.attributes == 0


def test_one_clip_is_one_class():
    clips = fans(1)
    rows, (found,) = label_machine(clips, embeddings_of(clips), np.ones(1, bool), TWFR)
    assert rows["pseudo_label"].to_pylist() == ["fan 00 source 0"] and found.clusters == 1


@pytest.mark.parametrize("seed", range(5))
def test_the_adjusted_rand_index_is_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    true, found = rng.choice(["a", "b", "c"], 50), rng.integers(0, 4, 50)
    assert adjusted_rand(true, found) == pytest.approx(adjusted_rand_score(true, found))


def test_the_adjusted_rand_index_of_equal_and_of_trivial_partitions():
    true = np.array(["a", "b", "b", "c"])
    assert adjusted_rand(true, np.array([5, 2, 2, 0])) == 1
    assert adjusted_rand(true, np.zeros(4, np.int64)) == 0
    assert adjusted_rand(np.array(["a", "a"]), np.array([0, 0])) == 1


def test_clips_without_an_embedding_are_rows_with_their_reason():
    clips = fans(2)
    rows = without_place(clips, pa.array(["silent", "empty"]), TWFR)
    assert rows.schema == PSEUDO_LABELS and rows["error_reason"].to_pylist() == ["silent", "empty"]
    assert rows["x"].null_count == rows["pseudo_label"].null_count == 2
