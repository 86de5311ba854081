import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.captions.class_changes import (
    LEAST_PROBABILITY,
    MARGIN,
    NO_CHANGE,
    ClassChange,
    changes_text,
    class_changes,
    probability,
)

CLASSES = 4
logits = st.lists(st.floats(-9, 9), min_size=CLASSES, max_size=CLASSES)


def slow_changes(clip, normals, names):
    """Class by class, as the rule is written."""
    found = []
    for place, name in enumerate(names):
        values = [normal[place] for normal in normals]
        reference = statistics.median(values)
        spread = max(abs(value - reference) for value in values)
        after, before = (1 / (1 + math.exp(-value)) for value in (clip[place], reference))
        distance = abs(clip[place] - reference)
        if distance / (spread + MARGIN) > 1 and max(before, after) >= LEAST_PROBABILITY:
            found.append((name, before, after, distance / (spread + MARGIN)))
    return sorted(found, key=lambda change: -change[3])


@given(logits, st.lists(logits, min_size=1, max_size=5))
def test_a_class_is_named_as_the_slow_twin_names_it(clip, normals):
    found = class_changes(np.array(clip), np.array(normals), "abcd")
    expected = slow_changes(clip, normals, "abcd")
    assert [change.name for change in found] == [name for name, *_ in expected]
    for change, (_, *figures) in zip(found, expected, strict=True):
        assert (change.before, change.after, change.deviation) == pytest.approx(figures)


@given(st.lists(logits, min_size=2, max_size=5))
def test_nothing_is_said_of_a_clip_that_is_one_of_its_normals(normals):
    assert class_changes(np.array(normals[0]), np.array(normals), "abcd") == ()


def test_the_words_say_the_direction_both_probabilities_and_how_far_beyond_the_limit():
    rose, fell = ClassChange("Squeal", 0.03, 0.41, 2.44), ClassChange("Mechanical fan", 0.31, 0.0001, 1.2)
    assert changes_text([rose, fell]) == (
        'more "Squeal" (3 % → 41 %, 2.4 times the limit), '
        'less "Mechanical fan" (31 % → under 0.1 %, 1.2 times the limit)'
    )


def test_four_classes_stand_in_a_caption_and_the_others_are_counted():
    changes = [ClassChange(name, 0.004, 0.5, 2.0) for name in "abcdef"]
    assert changes_text(changes[:5]).endswith('more "d" (0.4 % → 50 %, 2.0 times the limit), and 1 lesser change')
    assert changes_text(changes).endswith("and 2 lesser changes")


def test_where_nothing_changed_the_caption_says_so():
    assert changes_text(()) == NO_CHANGE


def test_log_odds_of_zero_are_a_half():
    np.testing.assert_allclose(probability(np.array([0.0, math.log(3)])), [0.5, 0.75])
