"""Records of scoring runs alone: what is told by their names."""

import json

from asd_core.store.run_records import RunEntry


def kept_runs(*runs, job="nightly"):
    """Path → bytes of records of nights.

    Args:
        runs: (KEY, date of the night, day and hour of its commit in November 2026, such as ``19T23``).
        job: of all of them.
    """
    files = {}
    for number, (key, date, moment) in enumerate(runs):
        committed_at, run_id = f"2026-11-{moment}:00:00.000000+00:00", f"{job}-{number}"
        record = {"run_id": run_id, "job": job, "key": key, "dates": [date], "committed_at": committed_at}
        files[RunEntry(committed_at, run_id, job, key, date, date).path] = b""
        files[f"runs/{run_id}.json"] = json.dumps(record).encode()
    return files
