import threading
import time

import pytest

from asd_core.errors import AsdError
from asd_core.llm.turn import Turn
from asd_core.store.addresses import open_files
from tests.asd_core.llm.fakes import MemoryFiles


@pytest.mark.parametrize("place", ["memory", pytest.param("s3", marks=pytest.mark.slow)])
def test_one_run_asks_at_a_time_and_the_other_says_for_whom_it_waits(place, request):
    said, order = [], []
    files = open_files(request.getfixturevalue("bucket")) if place == "s3" else MemoryFiles()
    first, second = Turn(files, "m at h"), Turn(files, "m at h", say=said.append)
    first.take()

    def wait():
        second.take()
        order.append("second")

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.1 if place == "memory" else 2)
    order.append("first")
    first.give_back()
    thread.join(10)
    second.give_back()
    assert order == ["first", "second"]
    assert len(said) == 1 and "which asks m at h for this store: one run asks at a time" in said[0]


def test_llms_and_ways_to_ask_have_turns_of_their_own():
    files = MemoryFiles()
    turns = [Turn(files, "m at h"), Turn(files, "n at h"), Turn(files, "m at h", "batch")]
    for turn in turns:
        turn.take()
    for turn in turns:
        turn.give_back()


def test_who_will_not_wait_is_told():
    files = MemoryFiles()
    holder = Turn(files, "m at h")
    holder.take()
    with pytest.raises(AsdError, match="is at the same run"):
        Turn(files, "m at h", wait=False).take()
    holder.give_back()


def test_a_turn_that_comes_after_the_end_of_its_run_is_given_back():
    files = MemoryFiles()
    late = Turn(files, "m at h")
    late.give_back()
    with pytest.raises(AsdError, match="has ended"):
        late.take()
    Turn(files, "m at h", wait=False).take()
