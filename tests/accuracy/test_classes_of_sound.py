import numpy as np

from asd_core.captions.class_changes import LEAST_PROBABILITY, MARGIN
from tests.accuracy.classes_of_sound import LEASTS, MARGINS, K, beside_normals, chosen, share_with_a_word

QUIET = np.full(527, -6.0)


def clip(*raised):
    """A clip of which some classes have these log odds, beside normals that are alike."""
    logits = QUIET.copy()
    logits[: len(raised)] = raised
    return logits, np.stack([QUIET] * K)


def test_the_nearest_normals_are_those_of_the_nearest_features():
    features = np.array([[0.0], [9.0], [1.0], [8.0], [2.0], [3.0]])
    ((own, normals),) = beside_normals(features, features * 10, range(1, 6), [0])
    assert own == 0 and normals[:, 0].tolist() == [10, 20, 30, 80]


def test_a_share_counts_the_clips_with_a_word():
    assert share_with_a_word([clip(), clip(0.0), clip(0.0, 0.0), clip(-5.9)], MARGIN, LEAST_PROBABILITY) == 0.5


def test_the_choice_names_most_faults_among_those_that_leave_normals_alone():
    normals = [clip()] * 8 + [clip(-4.6)] * 2  # 1.0 %, 1.4 beyond
    faults = [clip(-3.6)] * 5 + [clip(-2.5)] * 5  # 2.7 % and 8 %
    margin, least = chosen(normals, faults)
    assert (margin, least) in [(m, LEASTS[0]) for m in MARGINS] and share_with_a_word(faults, margin, least) == 1
