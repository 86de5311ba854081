"""A search on Ray Tune: a trial is a batch of settings, and the store is the record of finished settings.

Tune takes .07 to .8 s for a trial and writes files for each. So a trial is some seconds of work, actors are used again,
and Tune's own files go to a temporary folder: a restored experiment would repeat finished trials. Tune's Optuna search
proposes one setting a trial; here `asd_core.tuning.search` proposes and `_Batches` hands its batches on.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ray
from ray import tune
from ray.tune.search import Searcher

from asd_core.errors import AsdError
from asd_core.pipeline.interrupts import interrupts_end_it
from asd_core.pipeline.worker_processes import environment
from asd_core.tuning.batches import Batch, BatchContext, Evaluate, evaluate_batch
from asd_core.tuning.evaluate_settings import evaluate_machine
from asd_core.tuning.search import OnProgress, Search
from cluster.capacity import grown
from cluster.failures import GOES_ON, nothing_finished
from cluster.resources import NO_PROGRESS_SECONDS, Resources
from cluster.tune_lanes import Lanes
from cluster.tune_trials import batch_from, batch_text, outcome_from, outcome_text

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


def search_on_tune(
    search: Search,
    context: BatchContext,
    on_progress: OnProgress,
    *,
    resources: Resources,
    evaluate: Evaluate = evaluate_machine,
    scheduler: TrialScheduler | None = None,
    no_progress_seconds: float = NO_PROGRESS_SECONDS,
) -> float:
    """Work on the batches of a search on the open Ray session.

    Args:
        search: to be finished.
        context: of its batches; every node must reach the store.
        on_progress: called after each batch.
        resources: CPUs of a worker.
        evaluate: see `evaluate_batch`.
        scheduler: of trials that report more than once, such as ASHA where a setting trains; the batches here report
            once, so nothing is stopped early.
        no_progress_seconds: a search without a finished batch for so long ends with an error.

    Returns:
        Seconds until the first worker was at work: Ray's start, not the search's.

    Raises:
        AsdError: a batch failed, or nothing finishes; the same command goes on from what is committed.
    """
    start, workers = time.time(), _workers(resources)
    batches = _Batches(search, on_progress, workers, no_progress_seconds)
    with _quietly(workers), tempfile.TemporaryDirectory(prefix="asd-tune-") as folder:
        on_progress(search.done, search.total)
        trainable = tune.with_parameters(_Worker, context=context, evaluate=evaluate)
        tuner = tune.Tuner(
            tune.with_resources(trainable, lambda config: _placement(resources, config["lane"])),
            tune_config=tune.TuneConfig(
                search_alg=batches,
                scheduler=scheduler,
                num_samples=10**9,  # the search says when it is over
                reuse_actors=True,
                trial_name_creator=_trial_name,
                trial_dirname_creator=_trial_name,
            ),
            run_config=tune.RunConfig(
                name="search",
                storage_path=folder,
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=0),  # the search itself tries again, in halves
                stop=batches,
            ),
        )
        with interrupts_end_it():  # Ray Tune leaves a handler of its own behind, which swallows later interrupts
            tuner.fit()
    if batches.failure is not None:
        raise AsdError(f"{batches.failure}; {GOES_ON}")
    return max(0.0, batches.began - start) if batches.began else 0.0


class _Batches(Searcher, tune.Stopper):
    """Hands a search's batches to Tune, and ends Tune's experiment with the search."""

    def __init__(self, search: Search, on_progress: OnProgress, workers: int, no_progress: float) -> None:
        super().__init__()
        self._search, self._on_progress, self._no_progress = search, on_progress, no_progress
        self._lanes, self._lane_of = Lanes(workers), dict[str, int]()
        self._open: dict[str, Batch] = {}
        self._last = time.monotonic()
        self.failure: str | None = None
        self.began = 0.0

    def suggest(self, trial_id: str) -> Any:
        """The next batch or a pause for a lane; None where no lane needs one; FINISHED at the end of the search."""
        if self.failure is not None or self._search.is_finished:
            return Searcher.FINISHED
        lane = self._lanes.free()
        if lane is None:
            return None
        batch = self._search.next_batch()
        if batch is not None:
            self._lanes.work(lane)
            self._lane_of[trial_id], self._open[trial_id] = lane, batch
            return {"lane": lane, "batch": batch_text(batch)}
        if not self.began or (seconds := self._lanes.pause(lane)) is None:
            return None
        self._lane_of[trial_id] = lane
        return {"lane": lane, "pause": seconds}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Take in the outcome of a batch, or the death of its worker."""
        if (lane := self._lane_of.pop(trial_id, None)) is not None:
            self._lanes.done(lane)
        batch = self._open.pop(trial_id, None)
        if batch is None:
            return
        self._last = time.monotonic()
        if error or result is None or "began" not in result:
            self._search.fail(batch.number)
            return
        self.began = min(self.began or result["began"], result["began"])
        if "failure" in result:
            self.failure = self.failure or result["failure"]
            return
        self._search.finish(batch.number, outcome_from(result["outcome"]))
        self._on_progress(self._search.done, self._search.total)

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Let every trial go on until it has reported."""
        return False

    def stop_all(self) -> bool:
        """True where all trials must end."""
        if self._open and time.monotonic() - self._last > self._no_progress:
            self.failure = self.failure or nothing_finished(self._no_progress)
        return self.failure is not None or self._search.is_finished  # without a wait for pauses

    def __getstate__(self) -> dict[str, Any]:
        """Leave everything out of Tune's copy: the store is the record."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Do nothing: the store is the record."""

    def restore(self, checkpoint_path: str) -> None:
        """Do nothing: the store is the record."""


class _Worker(tune.Trainable):
    """An actor that evaluates and commits one batch after the other."""

    def setup(self, config: dict[str, Any], **given: Any) -> None:
        """Keep the arguments that all batches share."""
        self._given = given

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Go on with another batch."""
        return True

    def step(self) -> dict[str, Any]:
        """Evaluate and commit the batch, or wait for one."""
        if "pause" in self.config:
            time.sleep(self.config["pause"])
            return {"done": True}
        result: dict[str, Any] = {"done": True, "began": time.time()}
        try:
            outcome = evaluate_batch(self._given["context"], batch_from(self.config["batch"]), self._given["evaluate"])
        except Exception as error:  # unlike a worker's death, which raises none
            return {**result, "failure": f"a batch failed: {error or type(error).__name__}"}
        return {**result, "outcome": outcome_text(outcome)}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Do nothing: the store is the record."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Do nothing: the store is the record."""


@contextmanager
def _quietly(workers: int) -> Iterator[None]:
    """Run Tune without its log files, snapshots and remarks, and without its handler of interrupts."""
    given = {
        "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
        "TUNE_DISABLE_SIGINT_HANDLER": "1",
        "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",  # of a scheduler for trials that report more than once
        "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",
        "TUNE_MAX_PENDING_TRIALS_PG": str(2 * workers),
        "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
        "TUNE_WARN_THRESHOLD_S": "60",
        "RAY_AIR_NEW_OUTPUT": "0",
    }
    loggers = {name: logging.getLogger(name).level for name in ("ray.tune", "ray.air", "ray.train")}
    for name in loggers:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with environment(given):
            yield
    finally:
        for name, level in loggers.items():
            logging.getLogger(name).setLevel(level)


def _placement(resources: Resources, lane: int) -> tune.PlacementGroupFactory:
    """Resources of a worker; a byte of memory more in each lane tells the lanes apart."""
    return tune.PlacementGroupFactory([{"CPU": resources.cpus_per_worker, "memory": lane + 1}])


def _workers(resources: Resources) -> int:
    available = grown(ray.cluster_resources())  # type: ignore[no-untyped-call]
    return max(1, int(available.get("CPU", 1.0) / resources.cpus_per_worker))


def _trial_name(trial: Any) -> str:
    return str(trial.trial_id)
