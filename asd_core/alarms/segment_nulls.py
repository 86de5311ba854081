"""Normal scores of recordings of any number of segments, from the scores of segments of the recordings learnt.

The highest of sixty segments is higher than that of six, so a threshold for six would flag most recordings of sixty.
For at most as many segments as were learnt, stretches of the learnt recordings themselves tell. For more, a recording
is taken as an effect of its own plus a residual for each segment:

- effects are the means of the learnt recordings, drawn together so that their variance is the one between recordings
  that an analysis of variance finds (S. R. Searle, G. Casella, C. E. McCulloch, "Variance Components");
- residuals are the segments less the mean of their recording, scaled by sqrt(n / (n − 1)). A mean that holds the
  segment itself also makes them less skewed, which is put back with gamma distributions of both skewnesses;
- the highest tenth is smoothed by a generalised Pareto distribution fitted by probability-weighted moments (J. R. M.
  Hosking, J. R. Wallis, 1987), its shape drawn half way to that of an exponential tail: the highest of sixty segments
  lies beyond most that a few hundred can show.

Simulated with 100 recordings of six segments (normal, gamma, exponential and log-normal residuals, variance between
recordings from none to four times that within), thresholds for 10 % false alarms give 8 to 11 % of 60 segments; with
heavy symmetric tails (Student, 5 degrees of freedom) up to 15 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.segment_scores import ScoreConfig, over_segments

_FEWEST_RECORDINGS = 10  # that have as many segments; of fewer, their quantile of 0.9 is not known
_DRAWS = 4000  # recordings
_DRAWN_SEGMENTS = 1 << 21  # at once
_TAIL_SHARE, _FEWEST_IN_TAIL = 0.1, 20
_MOST_SKEWED = 3.0
_NEARLY_SYMMETRIC = 0.05


@dataclass(frozen=True)
class SegmentScores:
    """Unseen scores of the segments of normal recordings.

    Attributes:
        scores: (N,) float64, the segments of a recording in the order of time.
        recordings: (N,) the number of each segment's recording, from 0, ascending.
    """

    scores: NDArray[np.float64]
    recordings: NDArray[np.int64]

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Number of segments of each recording, (R,)."""
        return np.bincount(self.recordings)

    @property
    def usual_count(self) -> int:
        """Number of segments that recordings have: the lower median."""
        return int(np.sort(self.counts)[(len(self.counts) - 1) // 2])

    def of_recordings(self, config: ScoreConfig) -> NDArray[np.float64]:
        """The score of each recording over its own segments, (R,)."""
        edges = np.cumsum(self.counts)[:-1]
        return np.array([float(over_segments(own, config)) for own in np.split(self.scores, edges)])

    def null(self, segments: int, config: ScoreConfig) -> NDArray[np.float64]:
        """Scores as normal recordings of so many segments have them, (R,) ascending, one for each learnt recording.

        A threshold or p-value from them allows for the number of recordings, which is what was learnt from.

        Args:
            segments: of the recordings, at least 1.
            config: how a recording is scored over them.
        """
        long_enough = self.counts >= segments
        total = int(np.count_nonzero(long_enough))
        if total == len(self.counts) or (total >= _FEWEST_RECORDINGS and 2 * total >= len(self.counts)):
            return self._of_stretches(segments, config)
        return self._of_draws(segments, config)

    def _of_stretches(self, segments: int, config: ScoreConfig) -> NDArray[np.float64]:
        """From all stretches of so many segments, each recording counting as one."""
        values, weights = [], []
        for own in np.split(self.scores, np.cumsum(self.counts)[:-1]):
            if len(own) >= segments:
                stretches = over_segments(np.lib.stride_tricks.sliding_window_view(own, segments), config)
                values.append(stretches)
                weights.append(np.full(len(stretches), 1 / len(stretches)))
        total, weight = len(values), np.concatenate(weights)
        scores = np.concatenate(values)
        order = np.argsort(scores, kind="stable")
        reached = np.cumsum(weight[order])
        # The k-th of R scores leaves a share of 1 − k / (R + 1) of further ones above it.
        wanted = np.arange(1, total + 1) * (total + weight.mean()) / (total + 1)
        places = np.searchsorted(reached, wanted - 1e-9).clip(max=len(scores) - 1)
        return np.asarray(scores[order][places])

    def _of_draws(self, segments: int, config: ScoreConfig) -> NDArray[np.float64]:
        """From recordings of that length put together of effects and residuals."""
        effects, tail = self._effects, self._residuals
        a_recording = -(-_DRAWS // len(effects))
        if config.over == "max":  # the highest of n draws is one draw at the n-th root of an even quantile
            highest = tail.quantile(((np.arange(a_recording) + 0.5) / a_recording) ** (1 / segments))
            drawn = (effects[:, None] + highest).ravel()
        else:
            generator = np.random.default_rng(0)
            rows = min(a_recording * len(effects), max(len(effects), _DRAWN_SEGMENTS // segments))
            chosen = np.arange(rows) % len(effects)
            step = max(1, _DRAWN_SEGMENTS // segments)
            parts = []
            for start in range(0, rows, step):
                own = effects[chosen[start : start + step]]
                residuals = tail.quantile(generator.uniform(size=(len(own), segments)))
                parts.append(over_segments(own[:, None] + residuals, config))
            drawn = np.concatenate(parts)
        levels = np.arange(1, len(effects) + 1) / (len(effects) + 1)
        return np.asarray(np.quantile(drawn, levels, method="higher"))

    @cached_property
    def _within(self) -> float:
        """Variance between segments of one recording."""
        freedom = len(self.scores) - len(self.counts)
        return float(((self.scores - self._means[self.recordings]) ** 2).sum() / freedom) if freedom else 0.0

    @cached_property
    def _means(self) -> NDArray[np.float64]:
        return np.asarray(np.bincount(self.recordings, self.scores) / self.counts)

    @cached_property
    def _effects(self) -> NDArray[np.float64]:
        """Level of each recording, (R,)."""
        counts, means, total = self.counts, self._means, len(self.scores)
        centre = float(self.scores.mean())
        if len(counts) == total:  # nothing tells effects from residuals: all is taken as residuals, the safe side
            return np.full(len(counts), centre)
        between = float((counts * (means - centre) ** 2).sum() / max(len(counts) - 1, 1))
        size = (total - (counts**2).sum() / total) / max(len(counts) - 1, 1)
        variance = max(0.0, (between - self._within) / size)
        noise = self._within / counts
        kept = np.sqrt(variance / (variance + noise)) if variance > 0 else np.zeros(len(counts))
        return np.asarray(centre + (means - centre) * kept)

    @cached_property
    def _residuals(self) -> _Residuals:
        counts = self.counts[self.recordings]
        if counts.max() == 1:
            return _Residuals(np.sort(self.scores - self.scores.mean()))
        several = counts > 1
        counts = counts[several]
        residuals = (self.scores - self._means[self.recordings])[several] * np.sqrt(counts / (counts - 1))
        return _Residuals(np.sort(_more_skewed(residuals, float(counts.mean()))))


@dataclass(frozen=True)
class _Residuals:
    """A distribution: its values (N,) ascending, with a smooth upper tail."""

    values: NDArray[np.float64]

    def quantile(self, levels: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values at levels in (0, 1), of any shape."""
        values = self.values
        total = len(values)
        found = values[np.minimum(np.ceil(levels * total).astype(int), total) - 1]
        count = max(_FEWEST_IN_TAIL, int(_TAIL_SHARE * total))
        if count >= total or values[-1] == values[-count - 1]:
            return np.asarray(found)
        start = values[-count - 1]
        excess = values[-count:] - start
        first = float(excess.mean())
        second = float((np.arange(count)[::-1] / (count - 1) * excess).mean())
        shape = 0.5 * (2 - first / (first - 2 * second)) if first != 2 * second else 0.5
        shape = float(np.clip(shape, -0.5, 0.5))
        rarity = np.maximum((1 - levels) * total / count, 1e-12)
        size = first * (1 - shape)
        tail = -size * np.log(rarity) if abs(shape) < 1e-6 else size * (rarity**-shape - 1) / shape
        return np.asarray(np.where(rarity < 1, start + tail, found))


def _more_skewed(residuals: NDArray[np.float64], count: float) -> NDArray[np.float64]:
    """Residuals about the mean of ``count`` segments, as skewed to the right as about the true mean."""
    from scipy import stats

    deviation = float(np.sqrt(np.mean(residuals**2)))
    if deviation == 0 or count <= 2:
        return residuals
    lost = (count - 2) / math.sqrt(count * (count - 1))
    skewness = min(float(np.mean((residuals / deviation) ** 3)) / lost, _MOST_SKEWED)
    if skewness < _NEARLY_SYMMETRIC:
        return residuals
    levels = np.clip(stats.pearson3.cdf(residuals / deviation, skewness * lost), 1e-12, 1 - 1e-9)
    return np.asarray(deviation * stats.pearson3.ppf(levels, skewness))
