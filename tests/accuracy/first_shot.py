"""`make accuracy`: r of TWFR-GMM chosen with simulated anomalies and with real ones, and docs/first-shot.md from it.

Slider id_00 is the only machine of the small set of real recordings with normal clips to fit to.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.clips.archive import list_archive
from asd_core.clips.selection import select
from asd_core.detectors.gmm import Gmm, GmmConfig
from asd_core.encoders.config import EncoderConfig
from asd_core.encoders.twfr import TwfrEncoder
from asd_core.evaluation.comparison import markdown_table
from asd_core.evaluation.metrics import auc
from asd_core.pipeline.threads import one_thread
from asd_core.synthesis.decoding import decode_validation
from asd_core.synthesis.severities import KINDS
from asd_core.synthesis.validation import SimulatedConfig, ValidationClip, simulated_validation, unchanged_clip
from asd_core.tuning.gather.encoder_passes import twfr_at_all
from tests.accuracy.curves_chart import Curve, draw_curves

PAGE = Path(__file__).parents[2] / "docs" / "first-shot.md"
CHART = PAGE.with_suffix(".svg")
BEGIN, END = "<!-- figures: made by make accuracy -->\n", "<!-- end of figures -->\n"
SPLITS = 10
R = np.round(np.arange(111) * 0.01, 2)  # of Zhang et al.
TABLE_R = (0.0, 0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 1.0, 1.01, 1.02, 1.05, 1.1)
HELD_OUT, TEST = "real anomalies, held-out normals", "real anomalies, test normals"
Floats = NDArray[np.float64]
Heard = tuple[NDArray[np.float32], float]  # the TWFR for every r, (R, M), and the level in dB, of one clip


def heard(clips: Sequence[ValidationClip]) -> dict[str, Heard]:
    """TWFR for every r and the level of each clip, by its id; each spectrogram is sorted once."""
    encoder, found = TwfrEncoder(), {}
    decoded_clips = decode_validation(clips, EncoderConfig(), encoder.sample_rate)
    for clip, decoded in zip(clips, decoded_clips, strict=True):
        if decoded.waveforms is None or decoded.level_db is None:
            raise SystemExit(f"a clip of the public set cannot be read: {clip.uri}: {decoded.error}")
        embeddings = twfr_at_all(encoder.log_mel(decoded.waveforms[0]), tuple(R.tolist()))
        found[clip.clip_id] = (embeddings, decoded.level_db)
    return found


def as_recorded(clips: pa.Table) -> list[ValidationClip]:
    """Rows of CLIPS as clips that are used as they are."""
    return [unchanged_clip(row, is_anomalous=row["condition"] == "anomalous") for row in clips.to_pylist()]


def versus(normal: Floats, anomalous: Floats) -> float:
    """The AUC of two lists of scores."""
    return auc(np.append(normal, anomalous), np.repeat([False, True], [len(normal), len(anomalous)]))


def split_curves(
    seed: int, normals: pa.Table, recorded: Mapping[str, Heard], test: Sequence[ValidationClip]
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """The AUC for every r of one split of the normal clips, judged in each way, and those of the level alone."""
    validation = simulated_validation(normals, SimulatedConfig(seed=seed))
    faulty = [clip for clip in validation.clips if clip.is_anomalous]
    everything = {**recorded, **heard(faulty)}
    groups = {
        "fitted": validation.normals["clip_id"].to_pylist(),
        "kept": [clip.clip_id for clip in validation.clips if not clip.is_anomalous],
        "simulated": [clip.clip_id for clip in faulty],
        "real normal": [clip.clip_id for clip in test if not clip.is_anomalous],
        "real anomalous": [clip.clip_id for clip in test if clip.is_anomalous],
        **{kind: [clip.clip_id for clip in faulty if clip.kind == kind] for kind in KINDS},
    }
    rows = {name: np.stack([everything[clip_id][0] for clip_id in ids]) for name, ids in groups.items()}
    level = {name: np.array([everything[clip_id][1] for clip_id in ids]) for name, ids in groups.items()}
    stray = {name: np.abs(of - np.median(level["fitted"])) for name, of in level.items()}
    curves: dict[str, list[float]] = defaultdict(list)
    for index in range(len(R)):
        detector = Gmm(GmmConfig()).fit(rows["fitted"][:, index], np.full(len(rows["fitted"]), ""))
        scores = {name: detector.anomaly_score(of[:, index]) for name, of in rows.items() if name != "fitted"}
        for name, one_auc in judged(scores).items():
            curves[name].append(one_auc)
    return curves, judged(stray)


def judged(scores: Mapping[str, Floats]) -> dict[str, float]:
    """The AUC of every comparison."""
    against_kept = {name: versus(scores["kept"], scores[name]) for name in ("simulated", *KINDS)}
    return {
        **against_kept,
        HELD_OUT: versus(scores["kept"], scores["real anomalous"]),
        TEST: versus(scores["real normal"], scores["real anomalous"]),
    }


def measured(real_data: Path) -> tuple[dict[str, Floats], dict[str, float], str]:
    """The curves of all splits, (splits, R) each, the AUC of the level alone, and how much evidence that is."""
    clips = list_archive(str(real_data / "dcase2020_task2_dev_subset" / "slider"), layout="dcase").clips
    clips = clips.filter(pc.equal(clips["machine_id"], "00"))
    normals, test = select(clips, split="train"), as_recorded(select(clips, split="test"))
    recorded = heard(as_recorded(normals) + test)
    splits = []
    for seed in range(SPLITS):
        splits.append(split_curves(seed, normals, recorded, test))
        print(f"split {seed + 1} of {SPLITS}", file=sys.stderr)
    curves = {name: np.array([of[name] for of, _ in splits]) for name in splits[0][0]}
    trivial = {name: float(np.mean([of[name] for _, of in splits])) for name in splits[0][1]}
    parts = simulated_validation(normals, SimulatedConfig())
    kept, n_test = sum(not clip.is_anomalous for clip in parts.clips), len(test)
    n_real = sum(clip.is_anomalous for clip in test)
    evidence = (
        f"Slider id_00: {len(normals)} normal clips, {SPLITS} splits, each fitting {len(parts.normals)}, keeping "
        f"{kept} normal and putting the {len(KINDS)} faults into {(len(parts.clips) - kept) // len(KINDS)} others "
        f"({len(parts.clips) - kept} simulated anomalies). Real test clips: {n_test - n_real} normal and **{n_real} "
        f"anomalous**."
    )
    return curves, trivial, evidence


def best(curve: Floats) -> str:
    """The r of the highest AUC, or the least and greatest of those that share it."""
    top = R[np.isclose(curve, curve.max(), rtol=0, atol=1e-12)]
    return f"{top[0]:.2f}" if len(top) == 1 else f"{top[0]:.2f} to {top[-1]:.2f} ({len(top)} of {len(R)})"


def at(curve: Floats, r: float) -> float:
    """The AUC of one r."""
    return float(curve[int(np.argmin(np.abs(R - r)))])


def table(names: Sequence[str], mean: Mapping[str, Floats], trivial: Mapping[str, float]) -> list[str]:
    """Lines of a table: an r a row and a comparison a column."""
    heads = [{"simulated": "simulated anomalies, all kinds"}.get(name, name.replace("_", " ")) for name in names]
    rows = [
        ["mean AUC", *heads],
        *([f"r = {r:g}", *(f"{at(mean[name], r):.3f}" for name in names)] for r in TABLE_R),
        ["best r", *(best(mean[name]) for name in names)],
        ["level only", *(f"{trivial[name]:.3f}" for name in names)],
    ]
    return markdown_table(rows)


def wrapped(text: str, indent: str = "") -> list[str]:
    """Lines of the page's width."""
    return textwrap.wrap(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def figures(curves: Mapping[str, Floats], trivial: Mapping[str, float], evidence: str) -> str:
    """The figures as Markdown."""
    mean = {name: of.mean(axis=0) for name, of in curves.items()}
    ours = float(R[int(np.argmax(mean["simulated"]))])
    each = [float(R[int(np.argmax(curve))]) for curve in curves["simulated"]]
    held_out = mean[HELD_OUT]
    names = ["simulated", HELD_OUT, TEST, *KINDS]
    lines = [*wrapped(evidence), "", f"![AUC over r]({CHART.name})", ""]
    for some in (names[:3], names[3:7], names[7:]):
        lines += [*table(some, mean, trivial), ""]
    points = [
        f"Chosen with simulated anomalies: r = {ours:.2f} (split by split {min(each):.2f} to {max(each):.2f}, "
        f"median {np.median(each):.2f}).",
        f"Chosen with the real ones against held-out normals: r = {best(held_out)}; against the test normals: "
        f"{best(mean[TEST])}.",
        f"Real anomalies against held-out normals at the simulated choice: AUC {at(held_out, ours):.3f}; at their "
        f"own best r {held_out.max():.3f}; at r = 1 {at(held_out, 1):.3f}; at r = 0 {at(held_out, 0):.3f}.",
        f"Standard deviation over splits at r = {ours:.2f}: simulated "
        f"{curves['simulated'].std(axis=0, ddof=1)[int(np.argmin(np.abs(R - ours)))]:.3f}, real "
        f"{curves[HELD_OUT].std(axis=0, ddof=1)[int(np.argmin(np.abs(R - ours)))]:.3f}.",
    ]
    for point in points:
        lines += wrapped(f"- {point}", "  ")
    return "\n".join(lines) + "\n"


def chart(curves: Mapping[str, Floats]) -> str:
    """The curves as SVG: the two that are compared, and the two kinds that pull apart."""
    mean = {name: of.mean(axis=0) for name, of in curves.items()}
    return draw_curves(
        R,
        [
            Curve("simulated, all kinds", mean["simulated"], "#3b82c4"),
            Curve(HELD_OUT, mean[HELD_OUT], "#d2602f", "7 4"),
            Curve("knocks only", mean["knocks"], "#888888", "2 3"),
            Curve("stall only", mean["stall"], "#999999"),
        ],
    )


def main() -> None:
    """Replace the figures in docs/first-shot.md and the chart beside it."""
    folder = os.environ.get("ASD_REAL_DATA")
    if not folder:
        sys.exit("ASD_REAL_DATA names no folder of real recordings: see CONTRIBUTING.md")
    with one_thread():
        curves, trivial, evidence = measured(Path(folder))
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    page = before + BEGIN + figures(curves, trivial, evidence) + END + rest.split(END)[1]
    PAGE.write_text(page, encoding="utf-8")
    CHART.write_text(chart(curves), encoding="utf-8")


if __name__ == "__main__":
    main()
