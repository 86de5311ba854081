"""(j) What the nights before cost a night, in waiting for S3."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.reading import DELAY
from tests.many_nights.bucket import Bucket
from tests.many_nights.plant import day, kept_files, work_through

CLIPS = 50  # of the night itself: few, so that what is waited for is what came before
NOTE = (
    "j: a bucket in memory that answers each request, and each page of 1,000 names, after 30 ms; records, index, "
    "captions and a fit each week. Driver only: scores, captions of one group of machines and what the report reads, "
    "60 nights of history included. The reference is the same night where requests cost nothing."
)


def waiting(folder: Path, nights: int, machines: int, repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Seconds that a night waits for its store, and how many requests that are."""
    files = kept_files(nights, machines)
    seconds: list[float] = []
    requests: list[float] = []
    for repeat in range(repeats):
        taken = {}
        for delay in (0.0, DELAY)[:: -1 if repeat % 2 else 1]:
            bucket = Bucket(files, delay)
            start = time.perf_counter()
            work_through(bucket, day(nights), CLIPS)
            taken[delay] = time.perf_counter() - start
        seconds.append(taken[DELAY] - taken[0.0])
        requests.append(float(bucket.asked("scores", "score_parts").total()))
        say(f"repeat {repeat + 1} of {repeats}: {seconds[-1]:.1f} s more")
    name = f"j a night after {nights:,} of {machines:,} machines"
    return [
        Figure(name, "waiting for S3", tuple(seconds), "s", at_most=5.0),
        Figure(name, "requests beside the scores themselves", tuple(requests)),
    ]
