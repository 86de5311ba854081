"""A detector of a user's own package, checked: `asd_core.detectors.protocol` says what its class keeps."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.checks import checked_embeddings, checked_normals
from asd_core.detectors.protocol import Domains, Embeddings, Recordings, State
from asd_core.errors import AsdError
from asd_core.named_class import made_by, named_class

_PROTOCOL = "asd_core/detectors/protocol.py"
_KEPT = ("notes_", "fit", "anomaly_score", "nearest", "state", "from_state")


@dataclass(frozen=True)
class OwnConfig:
    """The class and its settings.

    Attributes:
        kind: ``package.module:Class``.
        options: the settings as JSON text, the constructor's defaults among them.
    """

    kind: str
    options: str = "{}"

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by name."""
        return dict(json.loads(self.options))


def own_config(kind: str, settings: Mapping[str, Any]) -> OwnConfig:
    """Check settings by making the detector.

    Raises:
        UsageError: a class that cannot be had or lacks a member, or a setting that it does not take.
    """
    made_by(kind, settings, "[detector]", _KEPT, _PROTOCOL)
    parameters = inspect.signature(named_class(kind, "[detector]")).parameters
    defaults = {
        name: parameter.default
        for name, parameter in parameters.items()
        if isinstance(parameter.default, bool | int | float | str)
    }
    return OwnConfig(kind, json.dumps({**defaults, **settings}, sort_keys=True))


class OwnDetector:
    """A detector of one's own: what it is given and what it gives have the right shapes."""

    def __init__(self, config: OwnConfig) -> None:
        self.config = config
        self._own = made_by(config.kind, config.settings, "[detector]", _KEPT, _PROTOCOL)
        self._count = 0  # of the clips that it was fitted to

    @property
    def notes_(self) -> list[str]:
        """See `Detector.notes_`."""
        return [str(note) for note in self._own.notes_]

    def fit(self, embeddings: Embeddings, domains: Domains) -> Self:
        """See `Detector.fit`; embeddings come as float64.

        Raises:
            AsdError: no clips, embeddings that are not finite, or what the class refuses.
        """
        rows, _ = checked_normals(embeddings, domains)
        self._own.fit(rows, np.asarray(domains))
        self._count = len(rows)
        return self

    def anomaly_score(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """See `Detector.anomaly_score`.

        Raises:
            AsdError: the class did not return a number for each embedding.
        """
        rows = checked_embeddings(embeddings)
        return self._scores("anomaly_score", self._own.anomaly_score(rows), len(rows))

    def nearest(self, embeddings: Embeddings, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """See `Detector.nearest`.

        Raises:
            AsdError: the class did not return as many indices as distances for each embedding.
        """
        rows = checked_embeddings(embeddings)
        indices, distances = (np.asarray(found) for found in self._own.nearest(rows, k))
        if indices.ndim != 2 or len(indices) != len(rows) or indices.shape != distances.shape:
            raise self._wrong("nearest", f"arrays of shape {indices.shape} and {distances.shape}", len(rows))
        return indices.astype(np.int64), distances.astype(np.float64)

    @property
    def leaves_one_out(self) -> bool:
        """True where the class can leave one clip out: see `LeavingOneOut`."""
        return bool(getattr(self._own, "leaves_one_out", False))

    @property
    def leaves_recordings_out(self) -> bool:
        """True where the class can leave out a recording of several rows: its method takes ``recordings``."""
        method = getattr(self._own, "leave_one_out_scores", None)
        return method is not None and "recordings" in inspect.signature(method).parameters

    def leave_one_out_scores(self, recordings: Recordings | None = None) -> NDArray[np.float64]:
        """See `LeavingOneOut.leave_one_out_scores`."""
        given = {} if recordings is None else {"recordings": recordings}
        return self._scores("leave_one_out_scores", self._own.leave_one_out_scores(**given), self._count)

    def state(self) -> State:
        """See `Detector.state`."""
        return {str(name): np.asarray(array) for name, array in self._own.state().items()}

    @classmethod
    def from_state(cls, config: OwnConfig, state: State) -> Self:
        """See `Detector.from_state`."""
        detector = cls(config)
        detector._own = named_class(config.kind, "[detector]").from_state(config.settings, state)
        return detector

    def _scores(self, member: str, found: Any, count: int) -> NDArray[np.float64]:
        scores = np.asarray(found)
        if scores.shape != (count,) or scores.dtype.kind not in "fiu" or np.isnan(scores).any():
            told = "NaN" if scores.shape == (count,) else f"an array of shape {scores.shape}"
            raise self._wrong(member, told, count)
        return scores.astype(np.float64)

    def _wrong(self, member: str, told: str, count: int) -> AsdError:
        return AsdError(
            f"[detector] kind = {self.config.kind!r}: {member} returned {told} for {count} embeddings: see {_PROTOCOL}"
        )
