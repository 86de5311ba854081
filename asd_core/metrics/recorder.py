"""Recorders of metrics, and the one that counts in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from asd_core.metrics.table import METRICS, RUN_LABELS

Labels = tuple[tuple[str, str], ...]
"""Pairs of label and value, in the order of `Metric.labels`."""

Series = tuple[str, Labels]
"""One line of metrics: a name and all its labels."""


class Recorder(Protocol):
    """Takes the metrics of a run as they come, from any thread."""

    def add(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Count something.

        Args:
            name: of a counter.
            amount: 0 or more.
            labels: `Metric.labels`, each with its value.
        """
        ...

    def set(self, name: str, value: float, **labels: str) -> None:
        """Say how things stand; arguments as for `add`, of a gauge."""
        ...


class Unmeasured:
    """A `Recorder` that forgets everything."""

    def add(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """See `Recorder.add`."""

    def set(self, name: str, value: float, **labels: str) -> None:
        """See `Recorder.set`."""


class Counts:
    """A `Recorder` that keeps sums and last values in this process, and may pass them on.

    Attributes:
        labels: the values of `RUN_LABELS`; may be replaced until something is counted.
    """

    def __init__(self, command: str = "", recipe: str = "", key: str = "") -> None:
        self.labels: Labels = tuple(zip(RUN_LABELS, (command, recipe, key), strict=True))
        self._own: dict[Series, float] = {}
        self._others: list[Recorder] = []
        self._lock = threading.Lock()

    def add(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """See `Recorder.add`."""
        series = _checked(name, "counter", labels)
        with self._lock:
            self._own[series] = self._own.get(series, 0.0) + amount
            for other in self._others:
                other.add(name, amount, **labels)

    def set(self, name: str, value: float, **labels: str) -> None:
        """See `Recorder.set`."""
        series = _checked(name, "gauge", labels)
        with self._lock:
            self._own[series] = value
            for other in self._others:
                other.set(name, value, **labels)

    def values(self) -> dict[Series, float]:
        """All that was recorded; labels of the run come first."""
        with self._lock:
            return {(name, (*self.labels, *own)): value for (name, own), value in self._own.items()}

    @contextmanager
    def passed_on(self, other: Recorder) -> Iterator[None]:
        """Pass on what is recorded while the block runs, and before it begins what was recorded until then."""
        with self._lock:
            for (name, own), value in self._own.items():
                (other.add if METRICS[name].kind == "counter" else other.set)(name, value, **dict(own))
            self._others.append(other)
        try:
            yield
        finally:
            with self._lock:
                self._others.remove(other)


def _checked(name: str, kind: str, labels: Mapping[str, str]) -> Series:
    metric = METRICS[name]
    if metric.kind != kind or set(metric.labels) != labels.keys():
        raise ValueError(f"{name} is a {metric.kind} with labels {metric.labels}")
    return name, tuple((label, labels[label]) for label in metric.labels)
