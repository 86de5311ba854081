import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.errors import AsdError, UsageError
from asd_core.training.labels import class_names, classes_of


def clips(*rows):
    names = ["clip_id", "machine_type", "machine_id", "domain", "attributes"]
    columns = zip(*[(f"c{n}", *row) for n, row in enumerate(rows)], strict=True)
    return pa.table(dict(zip(names, map(list, columns), strict=True)))


ROWS = clips(
    ("fan", "00", "source", "speed_3"),
    ("fan", "00", "target", ""),
    ("valve", "02", "source", ""),
    ("fan", "00", "", ""),
)


def test_any_combination_of_parts_makes_a_class():
    assert class_names(ROWS, ["machine_type"]) == ["fan", "fan", "valve", "fan"]
    assert class_names(ROWS, ["section"]) == class_names(ROWS, ["machine_id"]) == ["00", "00", "02", "00"]
    every = class_names(ROWS, ["machine_type", "machine_id", "domain", "attributes"])
    assert every[:2] == ["fan / 00 / source / speed_3", "fan / 00 / target / -"] and every[3] == "fan / 00 / - / -"


@given(*[st.tuples(*[st.sampled_from(["a", "", "-", "a / -", "%2D", "/", "a%2F"])] * 4)] * 2)
def test_names_are_equal_only_where_all_parts_are(one, other):
    first, second = class_names(clips(one, other), ["machine_type", "machine_id", "domain", "attributes"])
    assert (first == second) == (one == other)


def test_pseudo_labels_take_the_place_of_attributes_where_they_are_missing_or_everywhere():
    parts, pseudo = ["machine_type", "attributes"], {"c0": "k1", "c1": "k2", "c2": "k3"}
    assert class_names(ROWS, parts, pseudo) == ["fan / speed_3", "fan / k2", "valve / k3", None]
    assert class_names(ROWS, parts, pseudo, "all") == ["fan / k1", "fan / k2", "valve / k3", None]
    with pytest.raises(UsageError, match='put "attributes" into'):
        class_names(ROWS, ["machine_type"], pseudo)


def test_classes_are_numbered_in_the_order_of_their_names_and_what_is_odd_is_said():
    classes = classes_of(["b", "a", None, "b"])
    assert classes.names == ("a", "b") and classes.counts == (1, 2)
    assert np.array_equal(classes.indices, [1, 0, -1, 1])
    assert classes.notes == (
        "1 of 2 classes have one clip only: 'a'",
        "1 clips have no pseudo-label and are left out",
    )
    assert classes_of(["a", "a", "b", "b"]).notes == ()


@pytest.mark.parametrize(
    ("names", "message"), [(["a", "a"], "2 normal clips .* only one class, 'a'"), ([], "no classes")]
)
def test_one_class_leaves_nothing_to_tell_apart(names, message):
    with pytest.raises(AsdError, match=message):
        classes_of(names)
