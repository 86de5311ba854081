"""All tests that are marked `gpu`, as one item."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

from tests.benchmarks.figures import Figure
from tests.benchmarks.gpu.items import Place, Say

FOLDERS = ("tests/gpu", "tests/asd_core/encoders", "tests/asd_core/detectors")


def run_marked(place: Place, say: Say) -> list[Figure]:
    """Counts of the tests that passed, were skipped and failed; those that failed are named.

    Raises:
        RuntimeError: no test was run at all.
    """
    told = place.folder / "tests.xml"
    line = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", f"--junit-xml={told}", "--timeout=100", *FOLDERS]
    line += ["-k", "16_bit_samples_are_those_of_float32"] if place.is_dry else ["--durations=5"]
    on_cpu = {"GPU_TESTS_ON_CPU": "1"} if place.is_dry else {}
    ended = subprocess.run(line, capture_output=True, text=True, check=False, env=os.environ | on_cpu)
    say(ended.stdout)
    if not told.exists():
        raise RuntimeError(f"pytest wrote no report: {ended.stderr.strip() or ended.stdout.strip()}")
    return figures(ElementTree.parse(told).getroot())


def figures(root: ElementTree.Element) -> list[Figure]:
    """The counts in pytest's report of tests."""
    cases = list(root.iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = [case for case in cases if case.find("skipped") is not None]
    passed = len(cases) - len(failed) - len(skipped)
    lines = [
        Figure("tests", "marked gpu that passed", (float(passed),)),
        Figure("tests", "marked gpu that were skipped", (float(len(skipped)),)),
        Figure("tests", "marked gpu that failed", (float(len(failed)),), at_most=0.0),
    ]
    return lines + [Figure("tests", f"failed: {case.get('name')}", (1.0,), at_most=0.0) for case in failed]
