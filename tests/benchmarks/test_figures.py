import math
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.benchmarks.figures import Figure, slope
from tests.benchmarks.process_tree import cpu_seconds, descendants, memory
from tests.benchmarks.recordings import first_clips, write_archive


def test_a_slope_is_free_of_the_fixed_cost():
    assert slope(2_000, 10_000, 3 + 2_000 / 500, 3 + 10_000 / 500) == pytest.approx(500)


def test_noise_that_outweighs_the_difference_is_said_to():
    assert slope(10, 20, 2.0, 1.0) == math.inf
    assert Figure("x", "y", (math.inf, math.inf, 1.0), at_least=0.8).verdict == "not measurable: too noisy"


@pytest.mark.parametrize(("values", "verdict"), [((0.7, 0.8, 0.9), "met"), ((0.7, 0.79, 0.9), "MISSED")])
def test_the_median_meets_a_target_or_misses_it(values, verdict):
    assert Figure("x", "y", values, at_least=0.8).verdict == verdict


def test_a_child_is_part_of_the_tree():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in descendants(os.getpid())
        alone, both = memory(child.pid), memory(os.getpid())
        child.stdin.close()
    assert 0 < alone.processes < both.processes
    assert cpu_seconds(os.getpid()) > 0


def test_fewer_clips_of_an_archive_are_fewer_nights_of_the_same_machines(tmp_path):
    clips = write_archive(tmp_path / "archive", 400, 0.01)
    some = first_clips(clips, 200)
    assert (len(clips), len(some)) == (400, 200)
    assert set(some["machine_id"].to_pylist()) == set(clips["machine_id"].to_pylist())
    assert len(np.unique(some["clip_id"].to_pylist())) == 200 and set(some["date"].to_pylist()) == {"2026-01-01"}
