import threading

import pytest

from asd_core.pipeline.ahead import ahead


def test_the_next_item_is_made_while_one_is_worked_on_and_no_further():
    made, second = [], threading.Event()

    def items():
        for number in range(4):
            made.append(number)
            if number == 1:
                second.set()
            yield number

    stream = ahead(items())
    assert next(stream) == 0
    assert second.wait(10) and made == [0, 1]
    assert list(stream) == [1, 2, 3]


def test_an_error_comes_at_its_turn():
    stream = ahead(1 // n for n in (1, -1, 0))
    assert [next(stream), next(stream)] == [1, -1]
    with pytest.raises(ZeroDivisionError):
        next(stream)


def test_a_stream_that_is_given_up_ends_its_thread():
    before = threading.active_count()
    stream = ahead(iter(range(10)))
    next(stream)
    stream.close()
    assert threading.active_count() == before and list(ahead([])) == []
