import os
import time

import pytest
import ray

from asd_core.errors import AsdError, ClipError
from cluster.failures import WorkerLost, innermost, result_of


def raising(error):
    raise error


def twice(number):
    return 2 * number


def sleeping():
    time.sleep(5)


def dying():
    os._exit(1)


def run(function, *given, seconds=60.0):
    return result_of(ray.remote(max_retries=0)(function).remote(*given), seconds, "an encoder")


def test_the_innermost_cause_is_the_line_that_counts():
    try:
        try:
            raise ValueError("first\nthe disk is full")
        except ValueError as inner:
            raise RuntimeError("a task failed") from inner
    except RuntimeError as error:
        assert innermost(error) == "the disk is full"
    assert innermost(KeyError()) == "KeyError"


def test_a_task_gives_its_result_or_its_own_error(ray_session):
    assert run(twice, 3) == 6
    with pytest.raises(ClipError) as refused:
        run(raising, ClipError("silent", "nothing but zeros", transient=True))
    assert (refused.value.reason, refused.value.transient) == ("silent", True)


def test_any_other_error_is_one_line_that_says_whose(ray_session):
    with pytest.raises(AsdError, match="^an encoder failed: .*no such layer$"):
        run(raising, RuntimeError("no such layer"))


def test_a_worker_that_dies_is_lost_and_one_that_stands_still_is_an_error(ray_session):
    with pytest.raises(WorkerLost):
        run(dying)
    with pytest.raises(AsdError, match="no worker finished anything for 0.1 s.*; the same command goes on"):
        run(sleeping, seconds=0.1)
