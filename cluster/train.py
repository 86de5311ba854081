"""Training on Ray Train: several workers share each batch, and their gradients are averaged.

The store is the record: worker 0 writes checkpoints there, and every worker starts from the last of them, also after
Ray Train has started all of them again because one died. Ray's own storage is a folder that is thrown away.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from asd_core.errors import AsdError, UsageError
from asd_core.pipeline.interrupts import interrupts_end_it
from asd_core.training.checkpoints import Progressed
from asd_core.training.job import AnyJob
from asd_core.training.loop import Report
from cluster.capacity import grown
from cluster.failures import GOES_ON, innermost

RESTARTS = 3
"""Times that workers start again after one of them died."""

_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class TrainResources:
    """The resources of a training.

    Attributes:
        workers: that share each batch.
        cpus: of each worker.
        gpus: of each worker; 0 trains on CPUs.
    """

    workers: int = 1
    cpus: int = 1
    gpus: float = 0.0


def train_on_ray(job: AnyJob, resources: TrainResources, report: Report) -> Progressed:
    """Train on the open Ray session.

    Args:
        job: to carry out.
        resources: of the workers.
        report: told after each step.

    Raises:
        AsdError: a failure that a new start does not mend, or workers that die again and again.
    """
    import ray
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    from cluster.train_worker import Board, train_worker

    for name in ("ray.train", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    decoder, worker = shares(grown(ray.cluster_resources()), resources)  # type: ignore[no-untyped-call]
    board: Any = ray.remote(num_cpus=0)(Board).remote()
    wanted = {"CPU": worker} | ({"GPU": resources.gpus} if resources.gpus else {})
    with tempfile.TemporaryDirectory(prefix="asd-train-") as folder, _followed(board, report):
        trainer = TorchTrainer(
            train_worker,
            train_loop_config={
                "job": replace(job, cpus=max(1, int(worker))),
                "cpus": decoder,
                "board": board,
            },
            torch_config=TorchConfig(backend="nccl" if resources.gpus else "gloo"),
            scaling_config=ScalingConfig(
                num_workers=resources.workers, use_gpu=bool(resources.gpus), resources_per_worker=wanted
            ),
            run_config=RunConfig(storage_path=folder, failure_config=FailureConfig(max_failures=RESTARTS)),
        )
        broken = _fit(trainer)
        failure, outcome = ray.get([board.failure.remote(), board.outcome.remote()])
    if failure is not None:
        message, exit_code = failure
        raise (UsageError if exit_code == UsageError.exit_code else AsdError)(message)
    if outcome is None:
        raise AsdError(f"the training stopped after {RESTARTS} new starts: {broken}; {GOES_ON}")
    return Progressed(**outcome)


def shares(available: dict[str, float], resources: TrainResources) -> tuple[float, float]:
    """CPUs of one decoding task and of one worker, so that one task at least has room beside all workers.

    Args:
        available: resources of the cluster.
        resources: asked for.

    Raises:
        AsdError: more GPUs are asked for than there are.
    """
    gpus = available.get("GPU", 0.0)
    if resources.workers * resources.gpus > gpus:
        raise AsdError(
            f"{resources.workers} workers want {resources.workers * resources.gpus:g} GPUs, but the cluster has "
            f"{gpus:g}: lower --workers or --gpus, or join a cluster with more"
        )
    cpus = available.get("CPU", 1.0)
    decoder = min(1.0, cpus / 2)
    worker = min(float(resources.cpus), (cpus - decoder) / resources.workers)
    return decoder, worker if worker >= 1 else round(worker - 0.0005, 3)


def _fit(trainer: Any) -> str:
    """Train; returns the reason why it stopped early, "" where it did not."""
    from ray.train.v2.api.exceptions import TrainingFailedError

    try:
        with interrupts_end_it():  # Ray Train leaves a handler of its own behind, which swallows later interrupts
            trainer.fit()
    except TrainingFailedError as error:
        return innermost(error)
    return ""


@contextmanager
def _followed(board: Any, report: Report) -> Iterator[None]:
    """Pass on what is told on the board while the block runs, and the rest at its end."""
    import ray

    stop = threading.Event()

    def pass_on() -> None:
        for step, steps, row in ray.get(board.take.remote()):
            report(step, steps, row)

    def follow() -> None:
        while not stop.wait(_LOOK_SECONDS):
            pass_on()

    thread = threading.Thread(target=follow, name="training-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    pass_on()
