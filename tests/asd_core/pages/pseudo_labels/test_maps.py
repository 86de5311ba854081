import re
from itertools import pairwise

import numpy as np

from asd_core.pages.pseudo_labels.maps import MOST_CLASSES, map_of_classes, map_of_scores, places
from tests.asd_core.pages.svg import paths, shapes

AT = [(10.0, 20.0), (30.0, 40.0), (50.0, 60.0), (70.0, 80.0)]


def count(drawing, kind):
    return len(re.findall("M", paths(drawing, kind)))


def test_both_directions_of_a_map_have_one_scale():
    at = places([0, 10, 10], [0, 0, 1])
    assert all(0 <= value <= 300 for point in at for value in point)
    across, up = at[1][0] - at[0][0], at[1][1] - at[2][1]
    assert abs(across - 10 * up) < 1 and up > 0


def test_clips_at_one_place_have_a_place():
    assert places([3.0, 3.0], [1.0, 1.0]) == [(150, 150)] * 2


def test_each_class_has_a_mark_of_its_own_and_a_line_in_the_legend():
    made = map_of_classes("p", "Pseudo-labels", AT, ["b", "a", "b", None], "not trained on", [False] * 4)
    assert [mark.words for mark in made.marks] == ["not trained on", "a (1)", "b (2)"]
    assert (count(made.drawing, "c0"), count(made.drawing, "c1"), count(made.drawing, "none")) == (1, 2, 1)


def test_clips_that_are_not_trained_on_have_small_marks():
    made = map_of_classes("t", "True", AT, ["a"] * 4, "", [True, False, False, True])
    assert count(made.drawing, "small") == 2 and count(made.drawing, "c0") == 4


def test_many_classes_share_a_mark_but_for_the_largest():
    names = [f"class {number:02d}" for number in range(MOST_CLASSES + 3)]
    classes = names[:MOST_CLASSES] * 2 + names
    made = map_of_classes("t", "True", AT[:1] * len(classes), classes, "", [False] * len(classes))
    looks = [mark.classes for mark in made.marks]
    assert made.marks[0].words == "3 smaller classes" and len(set(looks)) == len(looks) == MOST_CLASSES + 1


def test_scores_have_five_colours_of_as_many_clips():
    scores = np.random.default_rng(0).permutation(100).astype(float).tolist()
    at = [(float(n), float(n)) for n in range(100)]
    made = map_of_scores("s", "Scores", at, scores, [False] * 100)
    assert [count(made.drawing, f"s{level}") for level in range(5)] == [20] * 5
    ends = [mark.words.split(" to ") for mark in made.marks]
    assert ends[0][0] == "0.000" and ends[-1][1] == "99.00"
    assert all(one[1] == other[0] for one, other in pairwise(ends))


def test_anomalies_are_triangles_and_clips_without_a_score_are_grey():
    made = map_of_scores("s", "Scores", AT, [1.0, 2.0, None, 3.0], [False, True, False, False])
    assert count(made.drawing, "triangles") == 1 and count(made.drawing, "none") == 1
    assert {"not scored", "known to be anomalous"} <= {mark.words for mark in made.marks}


def test_equal_scores_are_one_colour():
    made = map_of_scores("s", "Scores", AT, [2.0] * 4, [False] * 4)
    assert len(shapes(made.drawing, "dots")) == 1
