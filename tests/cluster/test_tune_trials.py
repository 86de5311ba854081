import numpy as np

from asd_core.tuning.batches import Batch, BatchOutcome
from cluster.tune_trials import batch_from, batch_text, outcome_from, outcome_text


def test_a_batch_is_a_short_text_for_tune_to_keep():
    settings = [{"encoder.r": round(r, 2), "detector.k": 4} for r in np.arange(0, 1.1, 0.01)]
    batch = Batch(7, 2, tuple(f"{n:032x}" for n in range(len(settings))), tuple(settings))
    assert batch_from(batch_text(batch)) == batch and len(batch_text(batch)) < 2000


def test_an_outcome_comes_back_with_its_gaps_and_errors():
    outcome = BatchOutcome(np.array([[0.9, 0.8, np.nan, 0.1], [np.nan] * 4]), {1: "no fit"}, 1.5, 0.25)
    again = outcome_from(outcome_text(outcome))
    np.testing.assert_array_equal(again.figures, outcome.figures)
    assert (again.errors, again.seconds, again.commit_seconds) == ({1: "no fit"}, 1.5, 0.25)
