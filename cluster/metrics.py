"""The live metrics of a run on Ray, which each node's agent exports to Prometheus.

The driver tells them: it hears of all work that is done, and a worker that dies takes no count with it. Ray puts
``ray_`` before their names and labels of its own beside ours. The driver's node exports them, last values included,
also once the run is over: counters stay until the node ends, gauges for two intervals of reports. A gauge that does not
change is told again and again, for Ray would forget it just as soon.
"""

from __future__ import annotations

import threading
from typing import Any, Self

from asd_core.metrics.recorder import Labels
from asd_core.metrics.table import METRICS, RUN_LABELS

_AGAIN_SECONDS = 1.0  # Ray reports no more often


class RayMetrics:
    """A `asd_core.metrics.recorder.Recorder` that passes live metrics on to Ray; a context manager.

    It is opened within an open session, and closed before that ends.

    Args:
        run: the values of `RUN_LABELS`.
    """

    def __init__(self, run: Labels) -> None:
        from ray.util.metrics import Counter, Gauge

        self._run = dict(run)
        kinds: dict[str, Any] = {"counter": Counter, "gauge": Gauge}
        self._metrics = {
            name: kinds[metric.kind](name, description=metric.meaning, tag_keys=(*RUN_LABELS, *metric.labels))
            for name, metric in METRICS.items()
            if metric.is_live
        }
        self._gauges: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._tell_again, name="metrics", daemon=True)

    def __enter__(self) -> Self:
        """Begin to tell gauges again."""
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """End it."""
        self._is_over.set()
        self._thread.join()

    def add(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """See `Recorder.add`."""
        if name in self._metrics and amount > 0:  # Ray refuses to count nothing
            self._metrics[name].inc(amount, {**self._run, **labels})

    def set(self, name: str, value: float, **labels: str) -> None:
        """See `Recorder.set`."""
        if name in self._metrics:
            tags = {**self._run, **labels}
            self._gauges[name, frozenset(tags.items())] = value
            self._metrics[name].set(value, tags)

    def _tell_again(self) -> None:
        while not self._is_over.wait(_AGAIN_SECONDS):
            for (name, tags), value in list(self._gauges.items()):
                self._metrics[name].set(value, dict(tags))
