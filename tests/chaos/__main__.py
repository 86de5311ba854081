"""`make chaos`: jobs killed at random moments, run to their end, and compared with unbroken runs; prints tables.

A later run with the same folder goes on after the last trial. Exits 1 where a trial has a fault.
"""

import argparse
import logging
import os
import secrets
import shutil
import sys
import time
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from tests.chaos.attack import Field
from tests.chaos.disturbed import Disturbed
from tests.chaos.jobs import JOBS, Place, write_place
from tests.chaos.results import FAULTS, Results, is_bad, tables
from tests.chaos.trials import WHO, trials
from tests.cluster.faulty_s3 import FaultyS3
from tests.cluster.kills import Nodes


def main():
    asked = _arguments()
    folder = asked.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    results = Results(folder / f"results-{asked.seed}.jsonl")
    end = time.monotonic() + 60 * asked.minutes
    with ExitStack() as stack:
        field = _field(folder, asked.seed, stack)
        for trial in islice(trials(asked.seed), results.next_number(), None):
            if trial.job in asked.job and trial.engine in asked.engine and trial.target.split()[0] in asked.target:
                row = field.run(trial)
                results.add(row)
                print(_line(row), flush=True)
            if time.monotonic() > end:
                break
    print(tables(results.rows))
    sys.exit(any(is_bad(row) for row in results.rows))


def _field(folder, seed, stack):
    shutil.rmtree(folder / "work", ignore_errors=True)
    for name in ("said", "folder", "s3"):
        (folder / "work" / name).mkdir(parents=True)
    faults, bucket = _s3(stack, seed)
    places = {
        "folder": Place(str(folder / "work/folder"), folder / "work/folder"),
        "s3": Place(bucket, folder / "work/s3"),
    }
    for place in places.values():
        write_place(place)
    disturbed = Disturbed(folder / "work", folder / "work/folder/trials")
    direct = os.environ["AWS_ENDPOINT_URL"]
    os.environ["AWS_ENDPOINT_URL"] = faults.url  # which processes of the nodes keep
    nodes = stack.enter_context(Nodes(head=0, workers=(1, 1)))
    os.environ["AWS_ENDPOINT_URL"] = direct
    return Field(folder / "work/said", places, nodes, disturbed, faults, seed)


def _s3(stack, seed):
    """A proxy that can fail before a real S3 API of this machine, and a bucket there."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    stack.callback(server.stop)
    host, port = server.get_host_and_port()
    os.environ |= {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    name = f"chaos-{secrets.token_hex(4)}"
    boto3.client("s3").create_bucket(Bucket=name)
    return stack.enter_context(FaultyS3(os.environ["AWS_ENDPOINT_URL"], 0.0, seed)), f"s3://{name}"


def _line(row):
    words = [f"{row['number']:4d}", row["job"], row["engine"], row["place"], row["target"], row["disturbance"]]
    hits = ", ".join(f"{each['hit']} at {each['moment']} of {each['of']} s: {each['codes']}" for each in row["turns"])
    counts = ", ".join(f"{name} {row[name]}" for name in (*FAULTS, "asked_again") if row[name])
    return f"{' '.join(words)}: {hits}; {'FAULT ' if is_bad(row) else ''}{counts or 'as unbroken'}, {row['seconds']} s"


def _arguments():
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="begin no trial after so many")
    parser.add_argument("--seed", type=int, default=0, help="of the trials and their moments")
    parser.add_argument("--folder", type=Path, default=Path("build/chaos"), help="for stores and results")
    parser.add_argument("--job", action="append", choices=list(JOBS), help="only these jobs")
    parser.add_argument("--engine", action="append", choices=["local", "ray", "nodes"], help="only these engines")
    parser.add_argument("--target", action="append", choices=list(WHO), help="only these are hit")
    asked = parser.parse_args()
    asked.target = asked.target or list(WHO)
    asked.job, asked.engine = asked.job or list(JOBS), asked.engine or ["local", "ray", "nodes"]
    return asked


if __name__ == "__main__":
    main()
