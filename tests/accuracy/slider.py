"""EfficientAT's features on real sliders: `ASD_REAL_DATA=... python -m tests.accuracy.slider`.

389 test recordings of the slider rails 02 and 06 of DCASE 2020. Their training recordings are not at hand: the normals
with even numbers are learnt, the odd ones and the anomalies are judged.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.decoding import decode
from asd_core.detectors.build import detector_config, new_detector
from asd_core.encoders.efficientat.encoder import EfficientAtEncoder
from asd_core.evaluation.metrics import auc, pauc
from asd_core.pipeline.threads import one_thread

IDS = ("02", "06")


@dataclass(frozen=True)
class Parts:
    """The recordings of one rail: those to learn, those to judge, and which of the latter are anomalous."""

    learnt: NDArray[np.int64]
    judged: NDArray[np.int64]
    is_anomalous: NDArray[np.bool_]


def files() -> list[Path]:
    return sorted((Path(os.environ["ASD_REAL_DATA"]) / "dcase2020_slider_test" / "test").glob("*id_*"))


def waveform(path: Path) -> NDArray[np.float32]:
    return decode(path.read_bytes(), sample_rate=EfficientAtEncoder.sample_rate, seconds=10.0).samples


def parts(names: list[str], rail: str) -> Parts:
    own = [place for place, name in enumerate(names) if f"_id_{rail}_" in name]
    normal = [place for place in own if names[place].startswith("normal")]
    learnt = [place for place in normal if int(Path(names[place]).stem[-8:]) % 2 == 0]
    judged = [place for place in own if place not in learnt]
    is_anomalous = np.array([names[place].startswith("anomaly") for place in judged])
    return Parts(np.array(learnt), np.array(judged), is_anomalous)


def nearest_distances(
    learnt: NDArray[np.float64], judged: NDArray[np.float64], k: int, *, standardised: bool
) -> NDArray[np.float64]:
    """Mean Euclidean distance to the k nearest of the learnt, (N,); each number over its deviation if asked for."""
    if standardised:
        mean, deviation = learnt.mean(axis=0), learnt.std(axis=0)
        deviation = np.where(deviation > 0, deviation, 1.0)
        learnt, judged = (learnt - mean) / deviation, (judged - mean) / deviation
    squared = ((judged[:, None] - learnt[None]) ** 2).sum(axis=-1)
    return np.asarray(np.sqrt(np.sort(squared, axis=1)[:, :k]).mean(axis=1))


def density_distances(learnt: NDArray[np.float64], judged: NDArray[np.float64]) -> NDArray[np.float64]:
    """The scores of recipe mn04-density-knn's detector."""
    config = {"kind": "memory_bank", "k": 4, "density": "least", "density_k": 16}
    detector = new_detector(detector_config(config))
    detector.fit(learnt.astype(np.float32), np.full(len(learnt), "source"))
    return detector.anomaly_score(judged.astype(np.float32))


def main() -> None:
    encoder = EfficientAtEncoder(weights=str(Path(os.environ["ASD_REAL_DATA"]) / "efficientat_mn04"))
    encoder.load()
    features, levels, seconds = [], [], 0.0
    with one_thread():
        for path in files():
            samples = waveform(path)
            start = time.process_time()
            features.append(encoder.embed(samples[None])[0])
            seconds += time.process_time() - start
            levels.append(10 * np.log10(np.mean(samples.astype(np.float64) ** 2)))
    x, level, names = np.array(features, np.float64), np.array(levels), [path.name for path in files()]
    print(f"{len(names)} recordings, {seconds / len(names):.3f} CPU-s each for the embedding")
    print("| rail | standardised, 4 nearest | as they are, 4 nearest | mn04-density-knn | level alone |")
    print("|---|---|---|---|---|")
    for rail in IDS:
        own = parts(names, rail)
        learnt, judged = x[own.learnt], x[own.judged]
        scores = [
            nearest_distances(learnt, judged, 4, standardised=True),
            nearest_distances(learnt, judged, 4, standardised=False),
            density_distances(learnt, judged),
            np.abs(level[own.judged] - np.median(level[own.learnt])),
        ]
        cells = [f"{auc(one, own.is_anomalous):.3f} / {pauc(one, own.is_anomalous):.3f}" for one in scores]
        print(f"| {rail} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
