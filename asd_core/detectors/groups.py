"""Groups: an embedding's numbers in several parts, a detector for each, and one score from theirs.

A fault that moves a few numbers of an embedding drowns in the distance over all of them. A group is judged by itself:
its score is standardised by the scores of its own normal clips, not seen in fitting, so that groups of any length and
unit can be compared. The largest is kept, which is never far behind the group that tells best, or the mean. Groups of
one scale, such as the checkpoints of a network (Fujimura et al. average over three), may be averaged as they are.
"""

from __future__ import annotations

from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.checks import checked_embeddings, checked_normals
from asd_core.detectors.deviation import Deviation
from asd_core.detectors.group_settings import GroupedConfig
from asd_core.detectors.kinds import load_of_kind, new_of_kind
from asd_core.detectors.left_out import left_out_scores
from asd_core.detectors.protocol import Detector, Domains, Embeddings, Recordings, State, several_rows
from asd_core.detectors.standardising import Standard, fit_standard, standardised_unseen
from asd_core.errors import AsdError

Floats = NDArray[np.float64]

_FOLDS = 10  # with 5, 12 % of normal clips are flagged where 50 were learnt and 10 % are asked for
_FEW = 20  # clips, up to which each is left out by itself


class Grouped:
    """Anomaly score: the largest or the mean of the groups' scores, each in deviations of its unseen normal scores.

    With ``raw_mean`` it is the mean of the groups' own scores.
    """

    fits_recordings = True

    def __init__(self, config: GroupedConfig) -> None:
        self.config = config
        self.notes_: list[str] = []
        self._layout: list[tuple[str, NDArray[np.int64]]]
        self._detectors: list[Detector] = []
        self._dimensions = 0  # D
        self._unseen: Floats  # (N, G): scores of the training rows, not seen in fitting
        self._standard: Standard

    def fit(self, embeddings: Embeddings, domains: Domains, recordings: Recordings | None = None) -> Self:
        """Fit a detector per group to normal clips, (N, D) and (N,).

        Args:
            embeddings: (N, D).
            domains: (N,).
            recordings: (N,) the recording of each row; None: each row is a recording of its own.

        Raises:
            AsdError: no clips, an embedding that does not fall into the groups, or what a group's detector refuses.
        """
        rows, _ = checked_normals(embeddings, domains)
        config, labels = self.config, np.asarray(domains)
        self._dimensions = rows.shape[1]
        self._layout = config.layout(self._dimensions)
        parts = self._parts(rows)
        self._detectors = [self._new(part.shape[1]).fit(part, labels) for part in parts]
        self._unseen = np.column_stack([self._left_out(part, labels, recordings) for part in parts])
        self._standard = fit_standard(self._unseen)
        self.notes_ = [*self._notes_of_detectors(), *self._notes_of_scales()]
        return self

    def anomaly_score(self, embeddings: Embeddings) -> Floats:
        """The combined score, (M, D) → (M,) float64; higher is more anomalous, and it may be negative."""
        raw = self._raw_scores(embeddings)
        return self._combined(raw if self._takes_raw else self._standard(raw))

    def group_scores(self, embeddings: Embeddings) -> Floats:
        """The standardised score of each group, (M, D) → (M, G) float64."""
        return self._standard(self._raw_scores(embeddings))

    def nearest(self, embeddings: Embeddings, k: int) -> tuple[NDArray[np.int64], Floats]:
        """See `Detector.nearest`: in the group that decided, the one with the largest standardised score."""
        decided = self.group_scores(embeddings).argmax(axis=1)
        k = min(k, len(self._unseen))
        indices, distances = np.empty((len(decided), k), np.int64), np.empty((len(decided), k))
        for group, part in enumerate(self._parts(self._checked(embeddings))):
            if (own := decided == group).any():
                indices[own], distances[own] = self._detectors[group].nearest(part[own], k)
        return indices, distances

    @property
    def leaves_one_out(self) -> bool:
        """True: the groups' scores without each clip are known from `fit`."""
        return True

    def leave_one_out_scores(self, recordings: Recordings | None = None) -> Floats:
        """The score of each training row under group detectors that never saw its recording, (N,).

        They come from leave-one-out or from folds, as `left_out_scores` has it for the kind of detector, and are
        standardised as those of clips to come are: see `standardised_unseen`. Raw ones are averaged as they are.

        Args:
            recordings: (N,) as given to `fit`, whose recordings are left out.
        """
        self._fitted()
        return self._combined(self._unseen if self._takes_raw else standardised_unseen(self._unseen, recordings))

    def scores_without(self, embeddings: Embeddings, domains: Domains, occasions: Recordings) -> Floats:
        """The score of each training row as if nothing of its occasion had been fitted to, (N,).

        Each group's score is left out by occasion. It is standardised by the scores that a fit without the occasion
        keeps: those of the rows of other occasions, each without its own recording. Where takes of an occasion are near
        copies, scores left out by occasion are on a far larger scale than those, as scores of clips to come are.

        Args:
            embeddings: (N, D), those of `fit`.
            domains: (N,).
            occasions: (N,) number of the occasion of each row, two at least.
        """
        labels, parts = np.asarray(domains), self._parts(self._checked(embeddings))
        pairs = zip(parts, self._detectors, strict=True)
        raw = np.column_stack([self._left_out(part, labels, occasions, learnt) for part, learnt in pairs])
        if self._takes_raw:
            return self._combined(raw)
        for occasion in np.unique(occasions):
            own = occasions == occasion
            raw[own] = fit_standard(self._unseen[~own])(raw[own])
        return self._combined(raw)

    def state(self) -> State:
        """The state of every group's detector under its number, the standards and what they come from."""
        self._fitted()
        states = {
            f"{number}.{name}": array
            for number, one in enumerate(self._detectors)
            for name, array in one.state().items()
        }
        own = {"dimensions": np.array([self._dimensions]), "unseen": self._unseen}
        return {**states, **own, **self._standard.state(), "notes": np.array(self.notes_, dtype=np.str_)}

    @classmethod
    def from_state(cls, config: GroupedConfig, state: State) -> Self:
        """The fitted detectors that `state` describes: their scores are the same to the bit."""
        detector = cls(config)
        detector._dimensions = int(state["dimensions"][0])
        detector._layout = config.layout(detector._dimensions)
        for number, (_, numbers) in enumerate(detector._layout):
            own, is_single = _of_group(state, number), len(numbers) == 1
            detector._detectors.append(
                Deviation.from_state(None, own) if is_single else load_of_kind(config.detector, own)
            )
        detector._unseen, detector._standard = state["unseen"], Standard.from_state(state)
        detector.notes_ = [str(note) for note in state["notes"]]
        return detector

    def _new(self, length: int) -> Detector:
        """The detector of a group of so many numbers, not yet fitted; a single one has no neighbourhoods."""
        return Deviation() if length == 1 else new_of_kind(self.config.detector)

    def _left_out(
        self, part: Floats, domains: Domains, recordings: Recordings | None, learnt: Detector | None = None
    ) -> Floats:
        if len(part) < 2:  # nothing is left to score it with
            return np.zeros(len(part))
        several = several_rows(recordings, len(part))
        total = len(part) if several is None else len(np.unique(several))
        folds = total if total <= _FEW else _FOLDS if several is None else _FOLDS // 2  # which is doubled
        new = partial(self._new, part.shape[1])
        return left_out_scores(new, part, domains, recordings, folds=folds, learnt=learnt)

    @property
    def _takes_raw(self) -> bool:
        return self.config.group_score == "raw_mean"

    def _raw_scores(self, embeddings: Embeddings) -> Floats:
        parts = self._parts(self._checked(embeddings))
        return np.column_stack([one.anomaly_score(part) for one, part in zip(self._detectors, parts, strict=True)])

    def _combined(self, scores: Floats) -> Floats:
        return np.asarray(scores.max(axis=1) if self.config.group_score == "max" else scores.mean(axis=1))

    def _parts(self, rows: Floats) -> list[Floats]:
        return [np.ascontiguousarray(rows[:, numbers]) for _, numbers in self._layout]

    def _checked(self, embeddings: Embeddings) -> Floats:
        self._fitted()
        return checked_embeddings(embeddings, self._dimensions)

    def _fitted(self) -> None:
        if not self._detectors:
            raise AsdError("these groups have no detectors yet: call fit first")

    def _notes_of_detectors(self) -> list[str]:
        """Notes of the groups' detectors; one that all groups of several numbers have is said once."""
        own = [one.notes_ for one in self._detectors]
        several = [one.notes_ for one in self._detectors if not isinstance(one, Deviation)]
        shared = [note for note in (several or own)[0] if all(note in notes for notes in several)]
        named = zip((name for name, _ in self._layout), own, strict=True)
        return [*shared, *(f"{name}: {note}" for name, notes in named for note in notes if note not in shared)]

    def _notes_of_scales(self) -> list[str]:
        constant = [name for (name, _), varies in zip(self._layout, self._standard.varies, strict=True) if not varies]
        if not constant:
            return []
        return [
            f"{', '.join(constant)}: alike in all normal clips, so how much it varies is not known; a clip that "
            "differs in it is judged by the scale of the other groups"
        ]


def _of_group(state: State, number: int) -> State:
    prefix = f"{number}."
    return {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
