import threading

import pytest

from asd_core.metrics.recorder import Counts, Unmeasured

RUN = (("command", "nightly"), ("recipe", "fleet"), ("key", "fleet-1"))


def counts():
    return Counts("nightly", "fleet", "fleet-1")


def test_a_counter_is_a_sum_and_a_gauge_its_last_value():
    found = counts()
    for number in (3, 4):
        found.add("asd_clips_scored_total", number)
        found.set("asd_shards_left", number)
    assert found.values() == {("asd_clips_scored_total", RUN): 7, ("asd_shards_left", RUN): 4}


def test_labels_stand_in_the_order_of_the_table():
    found = counts()
    found.add("asd_clip_errors_total", reason="empty", stage="score")
    assert found.values() == {("asd_clip_errors_total", (*RUN, ("stage", "score"), ("reason", "empty"))): 1}


@pytest.mark.parametrize(("name", "labels"), [("asd_shards_left", {}), ("asd_clips_scored_total", {"machine": "00"})])
def test_what_the_table_does_not_have_is_a_mistake(name, labels):
    with pytest.raises(ValueError, match=name):
        counts().add(name, **labels)


def test_another_recorder_hears_what_was_before_it_and_nothing_after():
    found, other = counts(), counts()
    found.add("asd_clips_scored_total", 3)
    found.set("asd_shards_left", 5)
    with found.passed_on(other):
        found.add("asd_clips_scored_total", 4)
        assert other.values() == found.values()
    found.set("asd_shards_left", 0)
    assert other.values() == {("asd_clips_scored_total", RUN): 7, ("asd_shards_left", RUN): 5}


def test_threads_lose_no_count():
    found = counts()
    work = [threading.Thread(target=lambda: [found.add("asd_shards_total") for _ in range(1000)]) for _ in range(4)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert list(found.values().values()) == [4000]


def test_a_recorder_that_forgets_takes_anything():
    forgets = Unmeasured()
    forgets.add("asd_shards_total")
    forgets.set("asd_shards_left", 1)
