"""A scorer: what `fit` saves and `score` loads for one machine.

    scorers/<KEY>/<machine_type>/<machine_id>/<version>/<hash>.npz     the detector's arrays, scores, segments
    scorers/<KEY>/<machine_type>/<machine_id>/<version>/scorer.json    everything else, written last

JSON and plain arrays only: nothing in it is executed when it is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.clip_certainty import too_few_normals
from asd_core.alarms.false_alarm_rates import cross_validated_false_alarm_rate
from asd_core.alarms.p_values import p_values, smallest_p
from asd_core.alarms.segment_nulls import SegmentScores
from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold
from asd_core.detectors.build import new_detector
from asd_core.detectors.protocol import Detector, Domains, Embeddings, Recordings, fitted
from asd_core.errors import AsdError
from asd_core.pipeline.groups_left_out import GroupsLeftOut, scores_left_out
from asd_core.pipeline.held_out_rows import held_out_rows
from asd_core.pipeline.lengths import lengths_that_matter
from asd_core.pipeline.recording_scores import (
    LearntSegments,
    RecordingScore,
    false_alarm_rate_of_recordings,
    first_of_each_recording,
    recording_scores,
)
from asd_core.pipeline.transforms import Arrays, fit_transform, transformed
from asd_core.recipe.machine_recipe import MachineRecipe


@dataclass(frozen=True)
class Scorer:
    """One machine's detector, threshold and what they were made from.

    Attributes:
        machine_type: whose.
        machine_id: whose.
        recipe: the recipe as it held for this machine type.
        fingerprint: of the embeddings; others are refused.
        detector: fitted.
        transform: arrays of the embedding transform, empty for none.
        threshold: scores above it are flagged.
        unseen: (N,) float64, ascending: scores of the training normals as if unseen.
        false_alarm_rate: share of unseen normals above a threshold that was set without them and their neighbours.
        uris: of the training clips, in the order of the detector's rows; that of a recording for each of its segments.
        notes: what was done otherwise than asked.
        median_level_db: of the training clips, dB re full scale; None where not heard here.
        unseen_by_name: (N,) float64, `unseen` in the order of the clips' names; None for a scorer of before.
        is_judged_anew: its threshold is not the one that it was fitted with.
        segments: of the training recordings; None where an embedding is that of a whole clip. With segments,
            ``unseen`` has the scores of whole recordings, and ``threshold`` is for the usual number of segments.
        unseen_rows: (n,) rows of the training clips that ``unseen`` has the scores of, where a trained transform has
            learnt from the others; None: of all.
        seconds_learnt: length of the shortest and of the longest training clip, s, where scores depend on it.
        left_out: by what ``unseen`` was left out: ``clip``, or see `GroupsLeftOut.kind`.
        lenders: ids of the machines whose clips it holds, where it is a machine type's; none for a machine's own.
    """

    machine_type: str
    machine_id: str
    recipe: MachineRecipe
    fingerprint: str
    detector: Detector
    transform: Arrays
    threshold: float
    unseen: NDArray[np.float64]
    false_alarm_rate: float
    uris: Sequence[str]
    notes: Sequence[str] = field(default_factory=tuple)
    median_level_db: float | None = None
    unseen_by_name: NDArray[np.float64] | None = None
    is_judged_anew: bool = False
    segments: LearntSegments | None = None
    seconds_learnt: Sequence[float] | None = None
    unseen_rows: NDArray[np.int64] | None = None
    left_out: str = "clip"
    lenders: Sequence[str] = ()

    @property
    def p_floor(self) -> float:
        """The smallest p that its normals allow; that its machines allow, where it is a machine type's."""
        return smallest_p(len(self.lenders) or len(self.unseen))

    @property
    def too_few_normals(self) -> str:
        """Why no clip can be told from a normal one; "" where there are normals enough."""
        unit, count = ("machine", len(self.lenders)) if self.lenders else ("normal", len(self.unseen))
        return too_few_normals(count, self.recipe.threshold.quantile, unit)

    @property
    def unseen_uris(self) -> list[str]:
        """The recordings whose scores are in ``unseen_by_name``, in its order."""
        if self.unseen_rows is not None:
            return sorted(self.uris[row] for row in self.unseen_rows)
        return sorted(self.uris if self.segments is None else dict.fromkeys(self.uris))

    def _transformed(self, embeddings: NDArray[np.float32]) -> Embeddings:
        return transformed(embeddings, self.transform, self.recipe.embedding)

    def score(self, embeddings: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Anomaly scores (higher is more anomalous) and conformal p-values of embeddings: (M, D) → (M,) and (M,)."""
        scores = self.detector.anomaly_score(self._transformed(embeddings))
        return scores, np.maximum(p_values(scores, self.unseen), self.p_floor)

    def score_recordings(self, embeddings: NDArray[np.float32], recordings: Recordings) -> list[RecordingScore]:
        """Scores, thresholds and p-values of recordings from the embeddings of their segments, (M, D) and (M,).

        Raises:
            AsdError: the scorer has learnt whole clips.
        """
        if self.segments is None:
            raise AsdError(f"the scorer of {self.machine_type} {self.machine_id} has learnt no segments: fit it again")
        scores = self.detector.anomaly_score(self._transformed(embeddings))
        return recording_scores(
            scores, recordings, self.segments.unseen, self.recipe.score, self.recipe.threshold, self.p_floor
        )

    def nearest(self, embeddings: NDArray[np.float32], k: int) -> tuple[list[list[str]], NDArray[np.float64]]:
        """The nearest training clips of each embedding: uris, and distances (M, min(k, N)), nearest first."""
        indices, distances = self.detector.nearest(self._transformed(embeddings), k)
        return [[self.uris[index] for index in row] for row in indices.tolist()], distances

    def nearest_segments(
        self, embeddings: NDArray[np.float32], k: int
    ) -> tuple[list[list[str]], list[list[float]], list[list[float]]]:
        """The nearest segments of different training recordings: uris, starts (s) and distances, nearest first."""
        starts = np.zeros(len(self.uris)) if self.segments is None else self.segments.starts
        recordings, asked = len(set(self.uris)), k
        while True:
            indices, distances = self.detector.nearest(self._transformed(embeddings), asked)
            uris = [[self.uris[index] for index in row] for row in indices.tolist()]
            found = first_of_each_recording(uris, starts[indices].tolist(), distances, k)
            if asked >= len(self.uris) or all(len(own) >= min(k, recordings) for own in found[0]):
                return found
            asked *= 4


def fit_scorer(
    machine_type: str,
    machine_id: str,
    recipe: MachineRecipe,
    fingerprint: str,
    embeddings: NDArray[np.float32],
    domains: Domains,
    uris: Sequence[str],
    levels_db: Sequence[float | None] = (),
    recordings: Recordings | None = None,
    starts: Sequence[float] = (),
    seconds: Sequence[float | None] = (),
    clip_ids: Sequence[str] = (),
    groups: GroupsLeftOut | None = None,
) -> Scorer:
    """Learn one machine's normal sound.

    Args:
        machine_type: whose.
        machine_id: whose.
        recipe: as it holds for the machine type.
        fingerprint: of the embeddings.
        embeddings: (N, D) float32 of normal clips.
        domains: (N,) "source", "target" or "".
        uris: (N,) of the clips.
        levels_db: (N,) dB re full scale; None for a clip that was not heard here.
        recordings: (N,) of segments, from 0, ascending; None where each row is a whole clip.
        starts: (N,) s, of the segments.
        seconds: (N,) lengths of the clips; None where they were not heard here.
        clip_ids: (N,) by which a trained transform knows the clips that it has not learnt from.
        groups: rows that are left out together for the unseen scores; None: each clip by itself.

    Raises:
        AsdError: too few clips, or clips that cannot be learnt from.
    """
    if (total := len(embeddings) if recordings is None else len(np.unique(recordings))) < 2:
        raise AsdError(f"{total} normal clip of {machine_type} {machine_id}: at least 2 are needed; record more")
    transform = fit_transform(embeddings, recipe.embedding, (machine_type, machine_id))
    values = transformed(embeddings, transform, recipe.embedding)
    detector = fitted(new_detector(recipe.detector), values, domains, recordings)
    row_scores, left_out = scores_left_out(recipe.detector, detector, values, domains, recordings, groups)
    segments, is_segmented = None, recordings is not None
    held_out, notes = held_out_rows(recipe.embedding, (machine_type, machine_id), clip_ids, is_segmented)
    if recordings is None:
        rows = range(len(uris)) if held_out is None else held_out.tolist()
        by_name = row_scores[sorted(rows, key=uris.__getitem__)]
        unseen = np.sort(by_name)
        threshold = decision_threshold(unseen, recipe.threshold)
        rate = cross_validated_false_alarm_rate(by_name, recipe.threshold)
    else:
        segments = LearntSegments(SegmentScores(row_scores, recordings), np.array(starts, np.float64))
        learnt, names = segments.unseen, [uris[row] for row in np.unique(recordings, return_index=True)[1]]
        by_name = learnt.of_recordings(recipe.score)[sorted(range(len(names)), key=names.__getitem__)]
        unseen = np.sort(by_name)
        threshold = decision_threshold(learnt.null(learnt.usual_count, recipe.score), recipe.threshold)
        rate = false_alarm_rate_of_recordings(learnt, names, recipe.score, recipe.threshold)
    heard = [level for level in levels_db if level is not None]
    return Scorer(
        machine_type,
        machine_id,
        recipe,
        fingerprint,
        detector,
        transform,
        threshold.value,
        unseen,
        rate,
        tuple(uris),
        (*detector.notes_, *notes, *threshold.notes),
        None if not heard else float(np.median(heard)),
        by_name,
        segments=segments,
        seconds_learnt=lengths_that_matter(seconds, recipe.encoder),
        unseen_rows=held_out,
        left_out=left_out,
    )


def judged_by(scorer: Scorer, config: ThresholdConfig, former: ThresholdConfig) -> Scorer:
    """The scorer with the threshold that a rule takes from its unseen scores; as it is where the rule is unchanged.

    Args:
        scorer: with the threshold of the former rule.
        config: the rule.
        former: the rule that the scorer was fitted with.
    """
    if config == former:
        return scorer
    unseen, rate = scorer.unseen, np.nan
    if scorer.segments is not None:
        learnt, over = scorer.segments.unseen, scorer.recipe.score
        unseen = learnt.null(learnt.usual_count, over)
        rate = false_alarm_rate_of_recordings(learnt, list(dict.fromkeys(scorer.uris)), over, config)
    elif scorer.unseen_by_name is not None:
        rate = cross_validated_false_alarm_rate(scorer.unseen_by_name, config)
    threshold, stale = decision_threshold(unseen, config), decision_threshold(unseen, former).notes
    return replace(
        scorer,
        threshold=threshold.value,
        false_alarm_rate=rate,
        notes=(*(note for note in scorer.notes if note not in stale), *threshold.notes),
        is_judged_anew=True,
    )
