"""How often `--captioner tags` names a class: `ASD_REAL_DATA=... python -m tests.accuracy.classes_of_sound`.

Margin and least probability are chosen on normal recordings of the slider rail 00 and on a simulated fleet: at most one
in ten of the rail's normals gets a word, and then most of the simulated faults do. The chosen pair is confirmed on the
rails 02 and 06, which chose nothing.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_core.captions.class_changes import LEAST_PROBABILITY, MARGIN, class_changes
from asd_core.captions.tag_tasks import Tagger, clip_logits
from asd_core.encoders.efficientat.class_names import class_names
from asd_core.encoders.efficientat.encoder import EfficientAtEncoder
from asd_core.synthesis.fleet import simulate_fleet
from tests.accuracy.slider import files, parts, waveform

MARGINS = (0.5, 1.0, 1.5, 2.0, 2.5)
LEASTS = (0.02, 0.05, 0.1)
K = 4
AT_MOST = 0.1  # of rail 00's normals with a word

Clip = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Log odds (527,) of a clip, and those of its nearest normals (K, 527)."""


def beside_normals(
    features: NDArray[np.float64],
    logits: NDArray[np.float64],
    learnt: Sequence[int],
    judged: Iterable[int],
) -> list[Clip]:
    """Each judged clip with the K learnt ones whose features are nearest."""
    bank = np.array(learnt)
    found = []
    for place in judged:
        order = np.argsort(((features[bank] - features[place]) ** 2).sum(axis=1), kind="stable")
        found.append((logits[place], logits[bank[order[:K]]]))
    return found


def share_with_a_word(clips: Sequence[Clip], margin: float, least: float) -> float:
    names = class_names()
    return float(np.mean([bool(class_changes(clip, normals, names, margin, least)) for clip, normals in clips]))


def chosen(normals: Sequence[Clip], faults: Sequence[Clip]) -> tuple[float, float]:
    """The margin and the least probability with most faults named, of those that name few enough normals."""
    pairs = [(margin, least) for margin in MARGINS for least in LEASTS]
    quiet = [pair for pair in pairs if share_with_a_word(normals, *pair) <= AT_MOST]
    return max(quiet, key=lambda pair: share_with_a_word(faults, *pair))


def heard(paths: Sequence[Path], weights: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features (N, 384) and log odds (N, 527)."""
    encoder, tagger = EfficientAtEncoder(weights=weights), Tagger("mn04_as", weights)
    samples = [waveform(path) for path in paths]
    features = [encoder.embed(one[None])[0] for one in samples]
    return np.array(features, np.float64), np.array([clip_logits(tagger, one, encoder.sample_rate) for one in samples])


def fleet(folder: Path, weights: str) -> dict[str, list[Clip]]:
    """Normals and faults of two nights, by severity, beside the six nights before."""
    made = simulate_fleet(str(folder), machines_per_type=2, nights=8, clips_per_night=6, fault_nights=(6, 7))
    with (folder / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["path"] not in made.broken]
    features, logits = heard([folder / row["path"] for row in rows], weights)
    dates = sorted({row["date"] for row in rows})
    found: dict[str, list[Clip]] = {}
    for place, row in enumerate(rows):
        if row["date"] in dates[:6]:
            continue
        own = [
            other
            for other, one in enumerate(rows)
            if one["date"] in dates[:6] and all(one[key] == row[key] for key in ("machine_type", "machine_id"))
        ]
        found.setdefault(row["severity"] or "normal", []).extend(beside_normals(features, logits, own, [place]))
    return found


def rail_00(weights: str) -> list[Clip]:
    """Every second training normal of rail 00 beside the others."""
    folder = Path(os.environ["ASD_REAL_DATA"]) / "dcase2020_task2_dev_subset" / "slider" / "train"
    paths = sorted(folder.glob("normal_id_00_*"))
    features, logits = heard(paths, weights)
    return beside_normals(features, logits, range(0, len(paths), 2), range(1, len(paths), 2))


def main() -> None:
    weights = str(Path(os.environ["ASD_REAL_DATA"]) / "efficientat_mn04")
    with tempfile.TemporaryDirectory() as folder:
        simulated = fleet(Path(folder), weights)
    sets = {"rail 00, normal": rail_00(weights)}
    sets |= {f"simulated, {name}": simulated[name] for name in ("normal", "mild", "moderate", "severe")}
    faults = [clip for name in ("mild", "moderate", "severe") for clip in simulated[name]]
    print(f"| margin | least | {' | '.join(f'{name} ({len(clips)})' for name, clips in sets.items())} |")
    for margin in MARGINS:
        for least in LEASTS:
            cells = [f"{share_with_a_word(clips, margin, least):.0%}" for clips in sets.values()]
            print(f"| {margin:g} | {least:g} | {' | '.join(cells)} |")
    print(f"chosen: margin, least = {chosen(sets['rail 00, normal'], faults)}; built in: {(MARGIN, LEAST_PROBABILITY)}")
    paths = files()
    features, logits = heard(paths, weights)
    for rail in ("02", "06"):
        own = parts([path.name for path in paths], rail)
        for kind, places in (("normal", own.judged[~own.is_anomalous]), ("anomalous", own.judged[own.is_anomalous])):
            clips = beside_normals(features, logits, own.learnt, places)
            share = share_with_a_word(clips, MARGIN, LEAST_PROBABILITY)
            print(f"rail {rail}, {kind} ({len(clips)}): {share:.0%} have a word")


if __name__ == "__main__":
    main()
