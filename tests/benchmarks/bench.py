"""`make bench`: what a run costs, each figure beside a reference measured in the same run.

Times depend on the machine and on what else runs there, so nothing here is a test: targets are printed as met or
missed, and the exit code is 0 either way.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.clap_decoder import NOTE as CAPTIONS
from tests.benchmarks.clap_decoder import against_generate_caption
from tests.benchmarks.clap_encoder import against_msclap
from tests.benchmarks.engines import NOTE as ENGINES
from tests.benchmarks.engines import against_spectral_reference
from tests.benchmarks.figures import Figure, as_json, machine, table
from tests.benchmarks.flagged import NOTE as FLAGGED
from tests.benchmarks.flagged import captions_and_report
from tests.benchmarks.memory import peaks
from tests.benchmarks.metrics import NOTE as METRICS
from tests.benchmarks.metrics import counting
from tests.benchmarks.nearest import NOTE as NEAREST
from tests.benchmarks.nearest import QUICK as FEW_SIZES
from tests.benchmarks.nearest import SIZES, product_against_faiss
from tests.benchmarks.nights import NOTE as NIGHTS
from tests.benchmarks.nights import waiting
from tests.benchmarks.planning import planning
from tests.benchmarks.reading import NOTE as READING
from tests.benchmarks.reading import ahead_against_in_turn
from tests.benchmarks.recordings import LINKED
from tests.benchmarks.submissions import NOTE as SUBMISSIONS
from tests.benchmarks.submissions import against_official
from tests.benchmarks.throughput import efficiency, scaling
from tests.benchmarks.tuning import FULL, QUICK, search_against_reference
from tests.benchmarks.tuning import NOTE as TUNING
from tests.benchmarks.twfr import against_reference

NOTES = (
    LINKED,
    "a: Ray runs all that `asd embed` does once an archive is listed, the references only the shard function. The "
    "plain processes show what the machine's cores give together: memory and caches are shared.",
    "a: fixed cost = seconds of the smaller run - its clips ÷ slope; starting Ray comes on top of it once a command. "
    "CPU time tells overhead apart from cores left idle, and hardly depends on what else runs. Ray's workers and the "
    "references run at nice 15, Ray's default.",
    "c: proportional set size of all processes under the run, Ray's own too, looked at four times a second; the "
    "object store is its shared memory ever touched. Of repeated runs each starts a Ray of its own.",
    "d: the files of the manifest do not exist, so that looking at them is the cheapest kind; peaks are the process's "
    "highest so far, in this order: libraries loaded, read and cut, whole run.",
    "f: 7-s windows of 16-kHz recordings in memory. Encoder and API resample them, the tower is given them resampled; "
    "the API makes a resampler a file. Its embeddings equal the encoder's to 1 % of the smallest distance of any two.",
    TUNING,
    CAPTIONS,
    READING,
    NEAREST,
    NIGHTS,
    FLAGGED,
    ENGINES,
    SUBMISSIONS,
    METRICS,
)


@dataclass(frozen=True)
class Checkouts:
    """Other people's systems, each in a folder; None for those that are not there."""

    twfr_gmm: Path | None = None
    evaluator: Path | None = None
    asdkit: Path | None = None


def benchmarks(
    is_quick: bool, repeats: int, checkouts: Checkouts = Checkouts()
) -> dict[str, Callable[[Path, Callable[[str], None]], list[Figure]]]:
    """Name → what runs it in a folder, telling how far it is."""
    ten, short = ((500, 2_000), (500, 2_000, 8_000)) if is_quick else ((2_000, 10_000), (2_000, 10_000, 50_000))
    few = max(1, repeats // 2)  # memory and planning vary little and take long
    return {
        "efficiency": lambda folder, say: efficiency(folder, ten, repeats, say),
        "scaling": lambda folder, say: scaling(folder, short, repeats, say),
        "memory": lambda folder, say: peaks(folder, short, few, say),
        "planning": lambda folder, say: planning(folder, 100_000 if is_quick else 1_000_000, few, say),
        "twfr": lambda folder, say: against_reference(folder, 50 if is_quick else 200, repeats, say),
        "clap-encoder": lambda folder, say: against_msclap(folder, 8 if is_quick else 32, repeats, say),
        "clap-decoder": lambda folder, say: against_generate_caption(
            folder, 16 if is_quick else 32, 1 if is_quick else 3, repeats, say
        ),
        "reading": lambda folder, say: ahead_against_in_turn(folder, 50 if is_quick else 300, repeats, say),
        "nearest": lambda folder, say: product_against_faiss(folder, FEW_SIZES if is_quick else SIZES, repeats, say),
        "nights": lambda folder, say: waiting(folder, *((100, 1_000) if is_quick else (1_000, 10_000)), few, say),
        "flagged": lambda folder, say: captions_and_report(folder, 30 if is_quick else 150, few, say),
        "engines": lambda folder, say: against_spectral_reference(
            folder, 120 if is_quick else 1_200, checkouts.asdkit, repeats, say
        ),
        "submissions": lambda folder, say: against_official(
            folder, 1 if is_quick else 3, checkouts.evaluator, few, say
        ),
        "metrics": lambda folder, say: counting(folder, 500 if is_quick else 2_000, repeats, say),
        "tuning": lambda folder, say: search_against_reference(
            folder, QUICK if is_quick else FULL, checkouts.twfr_gmm, few, say
        ),
    }


def main() -> None:
    """Run the benchmarks and print their table."""
    names = list(benchmarks(True, 1))
    parser = argparse.ArgumentParser(prog="bench", description="Benchmarks with their references in the same run.")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run, about how fast")
    parser.add_argument("--only", action="append", choices=names, help="this one; may be repeated")
    parser.add_argument("--repeats", type=int, help="interleaved repeats [default: 5, quick 2]")
    parser.add_argument("--out", type=Path, help="also write the report here: .json, or Markdown")
    parser.add_argument("--twfr-gmm", type=Path, metavar="FOLDER", help="a checkout of TWFR-GMM: time its own search")
    parser.add_argument("--evaluator", type=Path, metavar="FOLDER", help="an official evaluator: time it as a process")
    parser.add_argument("--asdkit", type=Path, metavar="FOLDER", help="a checkout of ASDKit with its venv: time it too")
    options = parser.parse_args()
    repeats = options.repeats or (2 if options.quick else 5)
    described, start = machine(), time.perf_counter()
    figures: list[Figure] = []
    for name, run in benchmarks(
        options.quick, repeats, Checkouts(options.twfr_gmm, options.evaluator, options.asdkit)
    ).items():
        if options.only and name not in options.only:
            continue
        with tempfile.TemporaryDirectory(prefix="asd-bench-") as folder:
            figures += run(Path(folder), lambda text, name=name: print(f"{name}: {text}", file=sys.stderr, flush=True))
    minutes = (time.perf_counter() - start) / 60
    size = "quick sizes, no measure of the targets" if options.quick else "full sizes"
    report = f"{table(figures)}\n\n{described}; {size}, {minutes:.1f} minutes.\n\n"
    report += "".join(f"- {note}\n" for note in NOTES)
    print(report)
    if options.out:
        is_json = options.out.suffix == ".json"
        options.out.write_text(as_json(figures, NOTES) if is_json else report, encoding="utf-8")


if __name__ == "__main__":
    main()
