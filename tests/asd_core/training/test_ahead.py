import threading

import pytest

from asd_core.training.ahead import ahead


def counted(made, stop=10):
    for number in range(stop):
        made.append(number)
        yield number


def test_items_come_in_their_order_and_errors_in_their_place():
    assert list(ahead(counted([]), 3)) == list(range(10))

    def broken():
        yield 1
        raise ValueError("here")

    found = ahead(broken(), 3)
    assert next(found) == 1
    with pytest.raises(ValueError, match="here"):
        next(found)


def test_only_so_many_are_made_before_they_are_taken_and_none_after_it_is_closed():
    made = []
    found = ahead(counted(made, 1000), 2)
    assert next(found) == 0
    found.close()
    assert len(made) <= 5 and not [thread for thread in threading.enumerate() if thread.name == "ahead"]
