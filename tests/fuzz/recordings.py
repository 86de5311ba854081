"""`python -m tests.fuzz.recordings`: mutated recordings of every container through the decoder, and what they became.

A process of its own decodes, so that a crash of a C library is seen and counted. Each recording is decoded as a shard
of one clip, three times: its beginning, all of it, and in segments. It must be a row each time: a sound or an error.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from asd_core.encoders.config import EncoderConfig
from asd_core.pipeline.decoding import decode_shard
from tests.fuzz.containers import recordings
from tests.fuzz.mutations import mutated

RATE = 16_000
HEARINGS = {
    "beginning": EncoderConfig(clip_seconds=10.0),
    "whole": EncoderConfig(clip_seconds=10.0, clip_rule="windows"),
    "segments": EncoderConfig(clip_seconds=10.0, clip_rule="segments"),
}
_SLOW, _LARGE = 3.0, 400  # seconds of a processor and MiB of memory that no recording may take


def case(number, seed):
    """Name of the container and bytes of a mutated recording; the same for the same numbers."""
    files, forms = recordings(), containers()
    names = list(forms.values())[number % len(forms)]
    name = names[number // len(forms) % len(names)]
    return name, mutated(files[name], seed * 1_000_003 + number, list(files.values()))


@lru_cache(maxsize=1)
def containers():
    """Container → names of its recordings."""
    forms = defaultdict(list)
    for name in recordings():
        forms[name.split("/")[0]].append(name)
    return dict(forms)


def rows_of(data):
    """Hearing → what became of a recording: ``sound``, or the reason of its error. Raises what no clip may raise."""
    clips = pa.table({"uri": ["file:///mutated"], "clip_id": [""]})
    found = {}
    for hearing, config in HEARINGS.items():
        outcomes = {}
        for clip in decode_shard(clips, config, RATE, lambda *_: data):
            outcomes[clip.error.reason if clip.error else "sound"] = None
        found[hearing] = "+".join(outcomes) or "no row"
    return found


def work(first, last, seed):
    """Decode the cases of a range, and print a line of JSON before and after each."""
    said = os.fdopen(os.dup(1), "w")  # a library writes its own words to stdout
    os.dup2(2, 1)
    for number in range(first, last):
        name, data = case(number, seed)
        print(json.dumps({"begun": number, "name": name}), file=said, flush=True)
        Path("/proc/self/clear_refs").write_text("5")  # the peak is that of this recording
        began = time.process_time()
        try:
            rows, fault = rows_of(data), None
        except Exception as error:  # the finding
            rows, fault = {}, f"{type(error).__name__}: {error}"
        seconds = time.process_time() - began
        row = {"number": number, "name": name, "rows": rows, "fault": fault, "seconds": seconds, "mib": _peak()}
        print(json.dumps(row), file=said, flush=True)


def _peak():
    """The most memory of this process since it was last asked, MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def decode_all(count, seed):
    """The outcome of each case; one that kills its process is an outcome with the fault ``crash``."""
    done = []
    while len(done) < count:
        span = ["--seed", str(seed), "--work", str(len(done)), str(count)]
        command = [sys.executable, "-m", "tests.fuzz.recordings", *span]
        begun = None
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as worker:
            for line in worker.stdout:
                row = json.loads(line)
                if "begun" in row:
                    begun = row
                else:
                    done.append(row)
                    begun = None
        if len(done) < count:
            if begun is None:
                raise RuntimeError(f"the worker ended with {worker.returncode} before it began case {len(done)}")
            fault = f"crash: exit code {worker.returncode}"
            done.append({**begun, "number": begun["begun"], "rows": {}, "fault": fault, "seconds": 0.0, "mib": 0.0})
    return done


def findings(outcomes):
    """A line for each case that breaks a promise."""
    for row in outcomes:
        faults = [row["fault"]] if row["fault"] else []
        faults += ["no row"] if "no row" in row["rows"].values() else []
        faults += [f"{row['seconds']:.1f} s"] if row["seconds"] > _SLOW else []
        faults += [f"{row['mib']:.0f} MiB"] if row["mib"] > _LARGE else []
        if faults:
            yield f"case {row['number']} ({row['name']}): {', '.join(faults)}"


def table(outcomes):
    """A Markdown table: a line for each container."""
    of = defaultdict(list)
    for row in outcomes:
        of[row["name"].split("/")[0]].append(row)
    lines = [
        "| container | recordings | sound | errors | crashes, faults | longest | most memory |",
        "|---|" + "---|" * 6,
    ]
    for name, rows in [*sorted(of.items()), ("all", outcomes)]:
        became = Counter(row["rows"].get("beginning") for row in rows)
        faults = sum(row["fault"] is not None for row in rows)
        sound = became["sound"]
        cost = f"{max(row['seconds'] for row in rows):.2f} s | {max(row['mib'] for row in rows):.0f} MiB"
        lines.append(f"| {name} | {len(rows)} | {sound} | {len(rows) - sound - faults} | {faults} | {cost} |")
    return "\n".join(lines)


def main():
    """Decode so many recordings, print the table and what is wrong, and exit 1 where anything is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(*options.work, options.seed)
        return
    outcomes = decode_all(options.count, options.seed)
    print(table(outcomes))
    wrong = list(findings(outcomes))
    print("\n".join(["", f"{len(wrong)} findings (seed {options.seed})", *wrong]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
