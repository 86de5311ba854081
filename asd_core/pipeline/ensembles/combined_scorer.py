"""One machine's combined scorer: its members' scorers, and their unseen scores combined clip by clip.

    score = Σ w_m · z_m / Σ w_m

z_m is member m's score, standardised on normals that m has not seen (`asd_core.alarms.standardising`). The unseen score
of a training clip is the same mean of its members' unseen scores of that very clip. Thresholds, p-values and
false-alarm rates are taken from these, so that they allow for members that err on the same clips.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.false_alarm_rates import cross_validated_false_alarm_rate
from asd_core.alarms.standardising import Rule, Standard
from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold
from asd_core.errors import AsdError
from asd_core.pipeline.ensembles.same_clips import file_name, is_imported
from asd_core.pipeline.scorer import Scorer
from asd_core.recipe.ensemble_settings import EnsembleConfig

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MemberScorer:
    """One member's scorer of a machine, as an ensemble takes it.

    Attributes:
        rule: how its scores are standardised.
        scorer: of the member's recipe.
        version: of the scorer.
    """

    rule: Rule
    scorer: Scorer
    version: str

    @property
    def names(self) -> list[str]:
        """The recordings that it has unseen scores of, ascending, (N,)."""
        return self.scorer.unseen_uris

    def standardised(self, scores: Floats, segments: NDArray[np.int64] | None = None) -> Floats:
        """Scores on the common scale, (M,) → (M,).

        Args:
            scores: of clips or recordings.
            segments: (M,) numbers of segments of the recordings, where segments are scored: the highest of many is
                higher than that of few, so each number has a scale of its own.
        """
        if self.scorer.segments is None or segments is None:
            return Standard(self.rule, self.scorer.unseen).of(scores)
        found = np.empty(len(scores))
        for count in np.unique(segments).tolist():
            null = self.scorer.segments.unseen.null(count, self.scorer.recipe.score)
            found[segments == count] = Standard(self.rule, null).of(scores[segments == count])
        return found

    def unseen(self) -> Floats:
        """The unseen score of each of `names` on the common scale, (N,).

        Raises:
            AsdError: an older version kept unseen scores without the clips they are of.
        """
        by_name = self.scorer.unseen_by_name
        if by_name is None or len(by_name) != len(self.names):
            raise AsdError("its unseen scores do not say which clips they are of: fit it again with asd fit")
        if self.scorer.segments is None:
            return Standard(self.rule, by_name).of_unseen()
        recordings = self.scorer.segments.unseen.recordings
        uris = np.array(self.scorer.uris)[np.unique(recordings, return_index=True)[1]]
        return self.standardised(by_name, np.bincount(recordings)[np.argsort(uris, kind="stable")])


@dataclass(frozen=True)
class CombinedScorer:
    """One machine's combination, and what its threshold is taken from.

    Attributes:
        versions: member → version of its scorer, which is the one that scores.
        names: (N,) the recordings that every member has an unseen score of, ascending.
        unseen: (N,) float64, their combined scores.
        threshold: scores above it are flagged.
        false_alarm_rate: see `Scorer.false_alarm_rate`.
        notes: what must be known of it, one line each.
        is_judged_anew: its threshold is not the one that it was made with.
    """

    versions: Mapping[str, str]
    names: tuple[str, ...]
    unseen: Floats
    threshold: float
    false_alarm_rate: float
    notes: tuple[str, ...] = ()
    is_judged_anew: bool = field(default=False)


def combined(parts: Mapping[str, Floats], shares: Mapping[str, float]) -> tuple[Floats, list[str]]:
    """The weighted mean of members' standardised scores, (M,), and the member with the largest part in each, (M,).

    Args:
        parts: member → (M,) standardised scores.
        shares: member → share of the weights, which sum to 1; a member without weight decides nothing.
    """
    rows = np.stack([parts[name] for name in shares])
    weighted = rows * np.array(list(shares.values()))[:, None]
    counted = [name for name, share in shares.items() if share > 0]
    part = weighted[[share > 0 for share in shares.values()]]
    return weighted.sum(axis=0), [counted[place] for place in part.argmax(axis=0)]


def combine(
    ensemble: EnsembleConfig, members: Mapping[str, MemberScorer], threshold: ThresholdConfig
) -> CombinedScorer:
    """The combined scorer of members' scorers of one machine.

    Args:
        ensemble: its weights.
        members: member → scorer, of all members.
        threshold: the rule of the threshold.

    Raises:
        AsdError: a member keeps no unseen scores of single clips, or the members share fewer than two such clips.
    """
    unseen: dict[str, dict[str, float]] = {}
    for name, member in members.items():
        try:
            unseen[name] = dict(zip(member.names, member.unseen().tolist(), strict=True))
        except AsdError as error:
            raise AsdError(f"member {name}: {error}") from error
    unseen = by_shared_name(unseen)
    shared = sorted(set.intersection(*(set(own) for own in unseen.values())))
    if len(shared) < 2:
        counts = ", ".join(f"{name} has them of {len(own)}" for name, own in unseen.items())
        raise AsdError(
            f"the members share unseen scores of {len(shared)} clips, and at least 2 are needed for a threshold "
            f"({counts}): fit them on the same normal clips"
        )
    parts = {name: np.array([own[clip] for clip in shared]) for name, own in unseen.items()}
    scores, _ = combined(parts, ensemble.shares)
    made = CombinedScorer({name: one.version for name, one in members.items()}, tuple(shared), scores, np.nan, np.nan)
    return judged(replace(made, notes=_notes(members, unseen, len(shared))), threshold)


def judged(scorer: CombinedScorer, threshold: ThresholdConfig) -> CombinedScorer:
    """The scorer with the threshold, false-alarm rate and further notes that a rule takes from its unseen scores."""
    found = decision_threshold(scorer.unseen, threshold)
    rate = cross_validated_false_alarm_rate(scorer.unseen, threshold)
    return replace(
        scorer, threshold=found.value, false_alarm_rate=rate, notes=tuple(dict.fromkeys([*scorer.notes, *found.notes]))
    )


def by_shared_name(unseen: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Member → clip → unseen score, clips by their addresses; those that were imported also by their file names.

    An imported clip is the one recording of its file name that another member learnt at a real address. Where no member
    knows real addresses and the imports share none, file names take their place; one that a member has twice stands
    for neither.
    """
    real = {uri for own in unseen.values() for uri in own if not is_imported(uri)}
    counts = Counter(map(file_name, real))
    addresses = {file_name(uri): uri for uri in real if counts[file_name(uri)] == 1}
    whole = {}
    for name, own in unseen.items():
        twice = Counter(file_name(uri) for uri in own if is_imported(uri))
        whole[name] = {
            addresses.get(file_name(uri), uri) if is_imported(uri) and twice[file_name(uri)] == 1 else uri: score
            for uri, score in own.items()
        }
    if real or set.intersection(*(set(own) for own in whole.values())):
        return whole
    found = {}
    for name, own in whole.items():
        names = Counter(map(file_name, own))
        found[name] = {file_name(uri): score for uri, score in own.items() if names[file_name(uri)] == 1}
    return found if set.intersection(*(set(own) for own in found.values())) else whole


def _notes(
    members: Mapping[str, MemberScorer], unseen: Mapping[str, Mapping[str, float]], shared: int
) -> tuple[str, ...]:
    said: dict[str, list[str]] = {}
    for name, member in members.items():
        of_threshold = decision_threshold(member.scorer.unseen, member.scorer.recipe.threshold).notes
        own = [note for note in member.scorer.notes if note not in of_threshold]
        if Standard(member.rule, member.scorer.unseen).is_flat:
            own.append("all its unseen scores are the same, so they are centred and not scaled")
        for note in own:
            said.setdefault(note, []).append(name)
    notes = [f"of {', '.join(names)}: {note}" for note, names in said.items()]
    if shared < (most := max(map(len, unseen.values()))):
        notes.append(f"the threshold is from {shared} clips that all members have unseen scores of; one has {most}")
    return tuple(notes)
