import numpy as np
import pytest

from asd_core.detectors.imported_scores import TRANSDUCTIVE_NOTE, ImportedScores, ImportedScoresConfig, as_embeddings
from asd_core.detectors.unseen import unseen_scores
from asd_core.errors import AsdError

SCORES = np.random.default_rng(0).normal(1e6, 1.0, 200)  # which float32 alone could not tell apart


def test_scores_come_back_to_48_bits():
    found = ImportedScores().anomaly_score(as_embeddings(SCORES))
    np.testing.assert_allclose(found, SCORES, rtol=2**-47)
    assert len(np.unique(found)) == len(SCORES) > len(np.unique(SCORES.astype(np.float32)))


def test_unseen_scores_are_the_scores_themselves():
    config, rows = ImportedScoresConfig(), as_embeddings(SCORES)
    found = unseen_scores(config, rows, np.full(len(rows), ""))
    np.testing.assert_array_equal(found, ImportedScores().anomaly_score(rows))


def test_no_clip_is_near():
    indices, distances = ImportedScores().fit(as_embeddings(SCORES), np.full(200, "")).nearest(as_embeddings(SCORES), 5)
    assert indices.shape == distances.shape == (200, 0)


def test_the_state_gives_the_same_detector():
    rows = as_embeddings(SCORES)
    fitted = ImportedScores().fit(rows, np.full(200, ""))
    again = ImportedScores.from_state(ImportedScoresConfig(), fitted.state())
    np.testing.assert_array_equal(again.leave_one_out_scores(), fitted.leave_one_out_scores())


def test_transductive_scores_say_so():
    assert ImportedScores().notes_ == []
    assert ImportedScores(ImportedScoresConfig(transductive=True)).notes_ == [TRANSDUCTIVE_NOTE]


def test_scores_that_are_not_finite_stay_so_and_huge_ones_are_refused():
    assert np.isnan(as_embeddings(np.array([np.inf, np.nan, 1.0]))).all(axis=1).tolist() == [True, True, False]
    with pytest.raises(AsdError, match="1e\\+40"):
        as_embeddings(np.array([1e40]))


def test_a_detector_that_is_not_fitted_says_so():
    with pytest.raises(AsdError, match="call fit first"):
        ImportedScores().state()
