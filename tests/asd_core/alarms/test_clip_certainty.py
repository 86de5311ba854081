import pytest

from asd_core.alarms.clip_certainty import clip_p, too_few_normals


@pytest.mark.parametrize(
    ("p_value", "normals", "expected"),
    [
        (1 / 46, 45, "p ≤ 1/46, the smallest that 45 normals allow"),
        (1 / 2, 1, "p ≤ 1/2, the smallest that 1 normal allows"),
        (2 / 46, 45, "p = 0.043"),
        (1.0, 45, "p = 1"),
        (1 / 46, 0, "p = 0.022"),
    ],
)
def test_the_smallest_p_is_told_as_such_and_no_other(p_value, normals, expected):
    assert clip_p(p_value, normals) == expected


def test_a_machine_that_borrows_is_as_certain_as_the_machines_of_its_type_are_many():
    assert clip_p(1 / 10, 9, is_borrowed=True) == "p ≤ 1/10, the smallest that 9 machines of its type allow"


@pytest.mark.parametrize(
    ("normals", "expected"),
    [
        (0, "Too few normals to decide on a clip: there is none, 9 are needed."),
        (1, "Too few normals to decide on a clip: 1 normal allows no p below 1/2, and 0.1 needs 9."),
        (8, "Too few normals to decide on a clip: 8 normals allow no p below 1/9, and 0.1 needs 9."),
        (9, ""),
    ],
)
def test_too_few_normals_to_decide_is_a_state_with_the_number_that_is_needed(normals, expected):
    assert too_few_normals(normals, 0.9) == expected
