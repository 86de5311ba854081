"""Trials: every job with every engine, place, target and disturbance that go together, in a drawn order."""

import itertools
from dataclasses import asdict, dataclass

import numpy as np

from tests.chaos.jobs import JOBS

ENGINES = ("local", "ray", "nodes")  # this process, a local Ray, and a cluster of three nodes
PLACES = ("folder", "s3")
TARGETS = {
    "local": ("driver KILL", "driver TERM"),
    "ray": ("driver KILL", "driver TERM", "worker KILL", "worker TERM", "actor KILL", "raylet KILL"),
    "nodes": ("driver KILL", "driver TERM", "worker KILL", "actor KILL", "node KILL"),
}
WHO = ("driver", "worker", "actor", "raylet", "node")
DISTURBANCES = ("none", "twin", "clock", "disk", "faults")
ONLY_LOCAL = ("import",)
SLOW = {
    "ray": 0.35,
    "nodes": 0.35,
}  # share of the drawn trials with these that are kept: they take several times as long
MOST_KILLS = 4


@dataclass(frozen=True)
class Trial:
    """One job that is interrupted and then run to its end.

    Attributes:
        number: among the trials of a seed.
        job: name of one of JOBS.
        engine: one of ENGINES.
        place: ``folder`` or ``s3``.
        target: who is sent a signal, and which.
        kills: how often it is, each time in another run of the same command.
        disturbance: ``twin``, the same command runs twice at once; ``clock``, the wall clock jumps before each run;
            ``disk``, it fills in place of the first kill; ``faults``, S3 answers with faults.
    """

    number: int
    job: str
    engine: str
    place: str
    target: str
    kills: int
    disturbance: str

    def told(self):
        """The trial as JSON values."""
        return asdict(self)


def kinds():
    """Every (job, engine, place, target, disturbance) that goes together, in a fixed order."""
    found = []
    for job, engine, place, disturbance in itertools.product(JOBS, ENGINES, PLACES, DISTURBANCES):
        if engine != "local" and job in ONLY_LOCAL:
            continue
        if (disturbance == "faults" and place == "folder") or (disturbance == "disk" and place == "s3"):
            continue
        if disturbance == "disk" and engine == "nodes":
            continue  # their processes run before the trial does
        if disturbance == "clock" and engine != "local":
            continue  # Ray waits for moments by the kernel's clock, which a library cannot shift
        found += [(job, engine, place, target, disturbance) for target in TARGETS[engine]]
    return found


def trials(seed):
    """Endless trials: in each round all jobs take turns, each with a kind of its own that was drawn."""
    rng, numbers = np.random.default_rng(seed), itertools.count()
    by_job = {job: [kind for kind in kinds() if kind[0] == job] for job in JOBS}
    while True:
        for job in JOBS:
            kept = [kind for kind in by_job[job] if rng.random() < SLOW.get(kind[1], 1.0)]
            _, engine, place, target, disturbance = kept[rng.integers(len(kept))]
            yield Trial(next(numbers), job, engine, place, target, int(rng.integers(2, MOST_KILLS + 1)), disturbance)
