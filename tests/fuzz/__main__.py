"""`python -m tests.fuzz`: feed the readers of what comes from outside with hypothesis, for so many minutes.

Each batch of a target is 100 examples of one seed, so that a finding is found again by its line. Batches go on where
the last run ended (`--state`). A finding becomes a test beside its reader.
"""

import argparse
import json
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.targets import TARGETS

_EXAMPLES = 100


def run_batch(name, target, number, examples=_EXAMPLES):
    """The finding of a batch as one line, "" for none; the example is the smallest that hypothesis finds."""
    strategy, reader = target
    last = []

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(strategy)
    def feed(example):
        last[:] = [example]
        reader(example)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            feed()
    except Exception as error:  # the finding
        shown = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        return f"python -m tests.fuzz --target {name} --batch {number}: {shown} with {repr(last[0])[:200]}"
    return ""


def run(targets, minutes, state):
    """Batches of each target in turn until the time is over; the findings, and the examples of each target.

    Args:
        targets: name → examples and reader.
        minutes: of all of them together; the turn under way is finished.
        state: name → number of the next batch, counted on.
    """
    ends, findings, done = time.monotonic() + 60 * minutes, [], Counter()
    while not done or time.monotonic() < ends:
        for name, target in targets.items():
            number = state.get(name, 0)
            finding = run_batch(name, target, number)
            state[name], done[name] = number + 1, done[name] + _EXAMPLES
            if finding:
                print(finding, flush=True)
                findings.append(finding)
    return findings, done


def main():
    """Run, print a table, and exit 1 where there is a finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--batch", type=int, help="this one alone")
    parser.add_argument(
        "--state", type=Path, default=Path(".fuzz-state.json"), help="number of each target's next batch"
    )
    options = parser.parse_args()
    targets = {name: TARGETS[name] for name in options.target or TARGETS}
    if options.batch is not None:
        found = [finding for name, one in targets.items() if (finding := run_batch(name, one, options.batch))]
        print("\n".join(found) or "no finding")
        sys.exit(bool(found))
    state = json.loads(options.state.read_text()) if options.state.is_file() else {}
    try:
        findings, done = run(targets, options.minutes, state)
    finally:
        options.state.write_text(json.dumps(state))
    print(
        "\n".join(
            ["", "| target | examples |", "|---|---|", *(f"| {name} | {count} |" for name, count in done.items())]
        )
    )
    print(f"\n{len(findings)} findings in {options.minutes:g} minutes")
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
