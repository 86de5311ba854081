"""`make gpu`: run everything that needs a GPU, and print one table at the end."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

from tests.benchmarks.figures import machine
from tests.benchmarks.gpu.device import Skipped, described, no_gpu
from tests.benchmarks.gpu.items import ITEMS, Place
from tests.benchmarks.gpu.run import BUDGET, report, run_all, this_program, write_result

DRY_PATIENCE = 10.0  # times the limits, for a CPU


def main(arguments: list[str] | None = None) -> int:
    """Run the items, or one of them in this process; returns the exit code."""
    parser = argparse.ArgumentParser(prog="gpu", description="Everything that needs a GPU, in under nine minutes.")
    parser.add_argument("--dry", action="store_true", help="on the CPU, with the least sizes: does each item run")
    parser.add_argument("--only", action="append", choices=list(ITEMS), help="this item; may be repeated")
    parser.add_argument("--out", type=Path, help="file for the results as JSON [default: gpu.json]")
    parser.add_argument("--item", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.item:
        return _one(options.item[0], Path(options.item[1]), is_dry=options.dry)
    if not options.dry and (reason := no_gpu()):
        print(f"make gpu: nothing is run, because torch can use no GPU here ({reason})")
        return 0
    start = time.monotonic()
    chosen = {name: item for name, item in ITEMS.items() if not options.only or name in options.only}
    patience = DRY_PATIENCE if options.dry else 1.0
    chosen = {name: replace(item, seconds=item.seconds * patience) for name, item in chosen.items()}
    results = run_all(chosen, this_program(["--dry"] if options.dry else []), _say, BUDGET * patience)
    where = f"{machine()}; {'a dry run on the CPU' if options.dry else described()}"
    print(f"{report(results)}\n\n{where}; {(time.monotonic() - start) / 60:.1f} minutes.")
    out = options.out or Path("gpu.json")
    out.write_text(json.dumps({"where": where, "results": [asdict(result) for result in results]}, indent=1))
    print(f"The same as JSON: {out}")
    return int(any(result.state in ("failed", "too slow") for result in results))


def _one(name: str, file: Path, *, is_dry: bool) -> int:
    with tempfile.TemporaryDirectory(prefix=f"asd-gpu-{name}-") as folder:
        place = Place("cpu" if is_dry else "cuda", Path(folder), is_dry)
        try:
            write_result(file, "done", "", ITEMS[name].run(place, _say))
        except (Skipped, ImportError) as reason:
            write_result(file, "skipped", str(reason), [])
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
