"""TWFR-GMM's search as one writes it down first: everything again for each setting."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_core.evaluation.dcase_scores import figures
from asd_core.evaluation.labelled_clips import LabelledClips

SAMPLE_RATE = 16_000  # Hz


@dataclass(frozen=True)
class Run:
    """What the reference does for one setting: embeddings of all clips (N + M, D), scores (M,), the criterion."""

    embeddings: NDArray[np.float64]
    scores: NDArray[np.float64]
    objective: float
    seconds: float


class WrittenSearch:
    """The search over one machine, a setting at a time.

    Args:
        machine: the machine's folder in the DCASE layout.
        seed: of each fit.
    """

    def __init__(self, machine: Path, seed: int) -> None:
        import librosa
        import torch
        import torchaudio

        self._seed = seed
        self._mel = torchaudio.transforms.MelSpectrogram(
            SAMPLE_RATE, n_fft=1024, win_length=1024, hop_length=512, n_mels=128, f_max=8000.0, power=2.0
        )
        self._decibels = torchaudio.transforms.AmplitudeToDB("power")
        self._load, self._from_numpy = librosa.load, torch.from_numpy
        self._train, self._test = (sorted((machine / split).glob("*.wav")) for split in ("train", "test"))
        self._embedding(self._train[0], 1.0)  # what the first call costs is not counted

    def __call__(self, n_components: int, r: float) -> Run:
        """Fit and judge one setting."""
        from sklearn.mixture import GaussianMixture

        start = time.perf_counter()
        train = np.stack([self._embedding(path, r) for path in self._train])
        mixture = GaussianMixture(
            n_components, covariance_type="full", tol=1e-6, reg_covar=1e-6, random_state=self._seed
        )
        mixture.fit(train)
        test, scores = [], []
        for path in self._test:
            test.append(self._embedding(path, r))
            scores.append(-np.max(mixture._estimate_log_prob(test[-1][None])))
        objective = self._objective(np.array(scores))
        return Run(np.stack([*train, *test]), np.array(scores), objective, time.perf_counter() - start)

    def _embedding(self, path: Path, r: float) -> NDArray[np.float64]:
        waveform, _ = self._load(path, sr=SAMPLE_RATE, mono=True)
        spectrogram = self._decibels(self._mel(self._from_numpy(waveform[: 10 * SAMPLE_RATE]))).numpy()
        ranked = -np.sort(-spectrogram, axis=1)
        weights = np.power(r, np.arange(ranked.shape[1]))
        return np.asarray(ranked @ (weights / weights.sum()))

    def _objective(self, scores: NDArray[np.float64]) -> float:
        names = [path.stem.split("_") for path in self._test]
        is_anomalous = np.array([name[4] == "anomaly" for name in names])
        found = figures(LabelledClips(scores, is_anomalous, np.array([name[2] for name in names])), "dcase2022")
        return math.fsum(found.values())
