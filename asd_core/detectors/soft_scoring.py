"""Soft scoring: one detector per domain, and the lesser of their scores.

A. Jiang et al., AnoPatch: separate memory banks of source and target clips and the minimum of both distances, so that
no domain label is needed for the clip that is scored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.checks import checked_embeddings, checked_normals
from asd_core.detectors.cross_fitting import Rows, cross_fitted_scores
from asd_core.detectors.gmm import Gmm, GmmConfig
from asd_core.detectors.memory_bank import MemoryBank, MemoryBankConfig
from asd_core.detectors.protocol import Domains, Embeddings, Recordings, State, several_rows
from asd_core.detectors.upsampling import synthetic_targets
from asd_core.detectors.whitening import Whitening, fit_whitening
from asd_core.errors import AsdError

TwoSidedConfig = MemoryBankConfig | GmmConfig
Side = MemoryBank | Gmm

_CLASSES: dict[type, Any] = {MemoryBankConfig: MemoryBank, GmmConfig: Gmm}
_FOLDS = 5
_FEWEST_TO_STANDARDISE = 5  # scores; the standard deviation of fewer says little


class SoftScoring:
    """Anomaly score: the lesser of a source detector's and a target detector's.

    "minimum" compares the scores as they are; "standardised" first subtracts the mean and divides by the standard
    deviation of each side's scores of its own normal clips, not seen in fitting. Whitening is fitted on both domains
    together, so that both sides measure in one space, and synthetic target clips belong to the target side.
    """

    def __init__(self, config: TwoSidedConfig) -> None:
        self.config = config
        self.notes_: list[str] = []
        self._whitening: Whitening | None = None
        self._sides: list[tuple[Side, Rows]]  # a detector, and which of `fit`'s rows it holds
        self._location: NDArray[np.float64]  # (sides,)
        self._scale: NDArray[np.float64]  # (sides,)

    def fit(self, embeddings: Embeddings, domains: Domains) -> Self:
        """Fit a detector per domain to normal clips, (N, D) and (N,).

        Without clips of one domain, or too few for its detector, one detector learns all clips, with a note. With too
        few target clips to standardise their scores, the target side is standardised like the source side.

        Raises:
            AsdError: no clips, or clips that the detector of a side cannot be fitted to.
        """
        rows, is_target = checked_normals(embeddings, domains)
        config = self.config
        synthetic, self.notes_ = synthetic_targets(rows, is_target, config)
        self._whitening = fit_whitening(rows, config.whitening if isinstance(config, MemoryBankConfig) else "none")
        placed = self._whitening(rows)
        parts = _parts(is_target, _fewest(config))
        if len(parts) == 1:
            self.notes_.append(
                f"{np.count_nonzero(~is_target)} source and {np.count_nonzero(is_target)} target clips: "
                "one detector for both domains"
            )
        self._sides = []
        for name, members in parts:
            added = self._whitening(synthetic if name != "source" else synthetic[:0])
            side: Side = _CLASSES[type(config)](config).fit_rows(placed[members], added)
            self._sides.append((side, members))
            self.notes_ += [f"{name} clips: {note}" for note in side.notes_]
        self._location, self._scale = np.zeros(len(parts)), np.ones(len(parts))
        if config.soft_scoring == "standardised" and len(parts) == 2:
            self._standardise(rows, np.asarray(domains))
        return self

    def anomaly_score(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """The lesser score, (M, D) → (M,) float64; higher is more anomalous."""
        return np.asarray(self._side_scores(self._placed(embeddings)).min(axis=1))

    def nearest(self, embeddings: Embeddings, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """See `Detector.nearest`: over the clips of both sides, in the space in which they are searched."""
        placed = self._placed(embeddings)
        found = [(members, *side.nearest(placed, k)) for side, members in self._sides]
        indices = np.hstack([members[within] for members, within, _ in found])
        distances = np.hstack([distance for _, _, distance in found])
        order = np.lexsort((indices, distances), axis=1)[:, :k]
        return np.take_along_axis(indices, order, axis=1), np.take_along_axis(distances, order, axis=1)

    @property
    def leaves_one_out(self) -> bool:
        """True where `leave_one_out_scores` can do without refitting."""
        return self.config.soft_scoring == "minimum" and self._sides_leave_one_out

    def leave_one_out_scores(self, recordings: Recordings | None = None) -> NDArray[np.float64]:
        """The score of each training clip without it, (N,): its own side's leave-one-out, or the other side's score.

        Args:
            recordings: see `LeavingOneOut.leave_one_out_scores`; all rows of one are of one domain.

        Raises:
            AsdError: one recording only, or an option that needs refitting.
        """
        self._fitted()
        if not self.leaves_one_out:
            raise AsdError("leave-one-out of this soft scoring needs refitting: use unseen_scores")
        if len(self._sides) == 1 and len(self._sides[0][1]) == 1:
            raise AsdError("1 normal clip leaves none to compare it with: give the machine at least 2")
        total = sum(len(members) for _, members in self._sides)
        scores = self._own_side_left_out(several_rows(recordings, total))
        for side, _ in self._sides:
            for other, members in self._sides:
                if other is not side:
                    scores[members] = np.minimum(scores[members], side.anomaly_score(other.rows))
        return scores

    def state(self) -> State:
        """The states of the sides under prefixes, the whitening, the standardisation."""
        whitening = self._fitted()
        state: State = {
            **whitening.state(),
            "location": self._location,
            "scale": self._scale,
            "notes": np.array(self.notes_, dtype=np.str_),
        }
        for number, (side, members) in enumerate(self._sides):
            state[f"side{number}.members"] = members
            state |= {f"side{number}.{name}": array for name, array in side.state().items()}
        return state

    @classmethod
    def from_state(cls, config: TwoSidedConfig, state: State) -> Self:
        """The fitted detector that `state` describes: its scores are the same to the bit."""
        detector = cls(config)
        detector._whitening = Whitening.from_state(state)
        detector._location, detector._scale = state["location"], state["scale"]
        detector.notes_ = [str(note) for note in state["notes"]]
        detector._sides = []
        for number in range(len(state["location"])):
            prefix = f"side{number}."
            own = {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
            detector._sides.append((_CLASSES[type(config)].from_state(config, own), own["members"]))
        return detector

    def _standardise(self, rows: NDArray[np.float64], domains: Domains) -> None:
        """Take location and scale of each side from its own clips' scores, not seen in fitting."""
        if self._sides_leave_one_out:
            unseen = self._own_side_left_out()
        else:
            compared = replace(self.config, soft_scoring="minimum")

            def score_held_out(learnt: Rows, held_out: Rows) -> NDArray[np.float64]:
                fitted = SoftScoring(compared).fit(rows[learnt], domains[learnt])
                return fitted._own_side_scores(rows[held_out], domains[held_out] == "target")

            unseen = cross_fitted_scores(score_held_out, domains, folds=_FOLDS, seed=self.config.seed)
        own = [unseen[members] for _, members in self._sides]
        usable = [len(scores) >= _FEWEST_TO_STANDARDISE and scores.std() > 0 for scores in own]
        if not any(usable):
            self.notes_.append("too few normal clips to standardise scores on: compared as they are")
            return
        for number, name in enumerate(("source", "target")):
            if not usable[number]:
                self.notes_.append(
                    f"{len(own[number])} {name} clips, {len(np.unique(own[number]))} distinct scores: "
                    f"standardised like the {('source', 'target')[1 - number]} side"
                )
            scores = own[number] if usable[number] else own[1 - number]
            self._location[number], self._scale[number] = scores.mean(), scores.std()

    def _side_scores(self, placed: NDArray[np.float64]) -> NDArray[np.float64]:
        """(M, D) → (M, sides), standardised."""
        scores = np.column_stack([side.anomaly_score(placed) for side, _ in self._sides])
        return (scores - self._location) / self._scale

    def _own_side_scores(self, embeddings: Embeddings, is_target: NDArray[np.bool_]) -> NDArray[np.float64]:
        scores = self._side_scores(self._placed(embeddings))
        own = np.where(is_target, scores.shape[1] - 1, 0)
        return np.asarray(scores[np.arange(len(scores)), own])

    @property
    def _sides_leave_one_out(self) -> bool:
        return self.config.is_plain and all(side.leaves_one_out for side, _ in self._sides)

    def _own_side_left_out(self, recordings: Recordings | None = None) -> NDArray[np.float64]:
        """Leave-one-out scores within each side, (N,); infinite for the only recording of one side of two."""
        scores = np.full(sum(len(members) for _, members in self._sides), np.inf)
        for side, members in self._sides:
            own = members if recordings is None else recordings[members]
            if len(self._sides) == 1 or len(np.unique(own)) > 1:
                scores[members] = side.leave_one_out_scores(None if recordings is None else own)
        return scores

    def _placed(self, embeddings: Embeddings) -> NDArray[np.float64]:
        whitening = self._fitted()
        return whitening(checked_embeddings(embeddings, self._sides[0][0].rows.shape[1]))

    def _fitted(self) -> Whitening:
        if self._whitening is None:
            raise AsdError("this soft scoring has no detectors yet: call fit first")
        return self._whitening


def _parts(is_target: NDArray[np.bool_], fewest: int) -> list[tuple[str, Rows]]:
    """Which rows each side learns: source and target, or all together where a side would have fewer than it needs."""
    sources, targets = np.flatnonzero(~is_target), np.flatnonzero(is_target)
    if min(len(sources), len(targets)) < fewest:
        return [("all", np.arange(len(is_target)))]
    return [("source", sources), ("target", targets)]


def _fewest(config: TwoSidedConfig) -> int:
    """Clips without which the detector of a side cannot be fitted."""
    if isinstance(config, MemoryBankConfig):
        return 1
    is_fixed = config.strict or config.covariance == "diag"
    return max(2, config.n_components) if is_fixed else 2
