"""A plain system of the field, as a reference: mean mel spectra and nearest neighbours in three processes.

What it does is what ASDKit's recipe `raw_spec` does (github.com/TakuyaFujimura/dcase-asd-toolkit): `extract` takes
torchaudio's mel spectrogram (1,024 samples every 512, 128 mels, magnitude, normalised) of batches of 64 clips and its
mean over time; `score` fits its four backends to the training clips (nearest neighbour, k-means of 16, nearest
neighbour again, and rescaled distances) and writes a table; `evaluate` works out AUC and pAUC of each backend and
machine. ASDKit also loads Lightning, Hydra and its plots, which makes it slower than this.

    python -m tests.benchmarks.spectral_reference extract|score|evaluate ARCHIVE FOLDER
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECTION = re.compile(r"_id_(\d+)_")


def extract(archive: Path, folder: Path) -> None:
    """Write path, machine, condition and embedding of the clips of each split."""
    import numpy as np
    import soundfile
    import torch
    from torchaudio.transforms import MelSpectrogram

    spectrum = MelSpectrogram(
        16_000, n_fft=1024, hop_length=512, n_mels=128, power=1.0, normalized=True, pad_mode="constant"
    )

    class Clips(torch.utils.data.Dataset[tuple[str, Any]]):
        def __init__(self, split: str) -> None:
            self.paths = sorted(map(str, archive.glob(f"*/{split}/*.wav")))

        def __len__(self) -> int:
            return len(self.paths)

        def __getitem__(self, index: int) -> tuple[str, Any]:
            samples, _ = soundfile.read(self.paths[index], dtype="float32")
            return self.paths[index], torch.from_numpy(samples)[:160_000]

    def together(batch: list[tuple[str, Any]]) -> tuple[list[str], Any]:
        return [path for path, _ in batch], torch.stack([samples for _, samples in batch])

    for split in ("train", "test"):
        paths: list[str] = []
        embeddings = []
        for some, waveforms in torch.utils.data.DataLoader(Clips(split), batch_size=64, collate_fn=together):
            with torch.no_grad():
                embeddings.append(spectrum(waveforms).mean(dim=2).numpy())
            paths += some
        sections = [int(SECTION.search(path)[1]) for path in paths]  # type: ignore[index]
        normal = ["/normal_" in path for path in paths]
        columns = {"path": paths, "section": sections, "is_normal": normal, "embed": np.concatenate(embeddings)}
        np.savez(folder / f"{split}.npz", **columns)


def score(archive: Path, folder: Path) -> None:
    """Fit the backends to the training clips and write their scores of both splits."""
    import numpy as np
    import pandas as pd
    import torch  # noqa: F401  # each step of the reference loads it
    from sklearn.cluster import KMeans
    from sklearn.metrics import pairwise_distances
    from sklearn.neighbors import NearestNeighbors

    splits = {name: dict(np.load(folder / f"{name}.npz")) for name in ("train", "test")}
    unit = {name: one["embed"] / np.linalg.norm(one["embed"], axis=1, keepdims=True) for name, one in splits.items()}
    normals = unit["train"]
    nearest = NearestNeighbors(n_neighbors=1).fit(normals)
    centres = KMeans(16, random_state=0).fit(normals).cluster_centers_
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    own = np.sort(pairwise_distances(normals), axis=0)[1:5].mean(axis=0)
    backends: dict[str, Callable[[Any], Any]] = {
        "knn": lambda rows: nearest.kneighbors(rows)[0].mean(axis=1) / 2,
        "kmeans": lambda rows: ((rows[:, None] - centres) ** 2).sum(axis=2).min(axis=1) / 2,
        "knn-again": lambda rows: nearest.kneighbors(rows)[0].mean(axis=1) / 2,
        "rescaled": lambda rows: np.sort(pairwise_distances(rows, normals) / own, axis=1)[:, 0],
    }
    for name, one in splits.items():
        table = pd.DataFrame({key: value for key, value in one.items() if key != "embed"})
        for backend, scored in backends.items():
            table[backend] = scored(unit[name])
        table.to_csv(folder / f"{name}.csv", index=False)


def evaluate(archive: Path, folder: Path) -> None:
    """Write AUC and pAUC (up to a false alarm rate of .1) of each backend and machine."""
    import pandas as pd
    import torch  # noqa: F401
    from sklearn.metrics import roc_auc_score

    table = pd.read_csv(folder / "test.csv")
    rows = []
    for backend in ("knn", "kmeans", "knn-again", "rescaled"):
        for section, clips in table.groupby("section"):
            anomalous = ~clips["is_normal"]
            whole = roc_auc_score(anomalous, clips[backend])
            rows.append((backend, section, whole, roc_auc_score(anomalous, clips[backend], max_fpr=0.1)))
    pd.DataFrame(rows, columns=["backend", "section", "auc", "pauc"]).to_csv(folder / "figures.csv", index=False)


STEPS = {"extract": extract, "score": score, "evaluate": evaluate}

if __name__ == "__main__":
    STEPS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
