"""A simulated year: how long status, alarms, pages and a prune take, and that all goes on after it.

`python -m tests.many_nights.year [MACHINES [NIGHTS]] [--s3] [--keep FOLDER]` prints a table. With ``--s3`` the store
is copied to an S3 server on this computer first. Requests are counted on a bucket in memory, for S3 elsewhere.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from asd_core.runs.newest_night import newest_nights
from asd_core.runs.pruning.prune import find_prunable, prune
from asd_core.runs.status import store_status
from asd_core.store.store import Store, open_store
from tests.command import asd
from tests.many_nights.bucket import Bucket
from tests.many_nights.plant import day
from tests.many_nights.pruned import dead_links, missing
from tests.many_nights.year_files import at, older_than, plant_year, write_archive

RECIPE = ("--recipe", "twfr-knn", "--store")
SPACE = '"detector.k" = { grid = [1, 2] }\n'


def timed(name, *arguments, code=0):
    """Run a command and print its time; gives what it said."""
    start, cpu = time.monotonic(), time.process_time()
    said = asd(*arguments)
    tell(name, time.monotonic() - start, time.process_time() - cpu)
    assert said.code == code, said.err
    return said


def tell(name, seconds, cpu):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{name:44} {seconds:7.2f} s {cpu:7.2f} s of CPU {peak:6.2f} GiB at most", flush=True)


def go_through(store, archive, root, nights, keep):
    """Everything that is asked of a store, before a prune and after it."""
    last = day(nights - 1)
    timed("status", "status", "--store", store)
    timed("status --max-age 26h", "status", "--store", store, "--max-age", "26h", code=1)
    timed("runs", "runs", "--store", store)
    timed("runs show", "runs", "show", "nightly-0000", "--store", store)
    timed("alarms of the last night, first time", "alarms", *RECIPE, store, "--date", last)
    timed("alarms of the last night, again", "alarms", *RECIPE, store, "--date", last)
    timed("report, and the page of all nights, first time", "report", *RECIPE, store, "--date", last)
    timed("report, and the page of all nights, again", "report", *RECIPE, store, "--date", last)
    before = open_store(str(store)).files.list()
    if isinstance(store, Path):
        count_requests(store, nights, keep)
    prune_it = ("prune", "--store", store, "--older-than", older_than(day(nights - keep)))
    said = timed(f"prune --dry-run, {len(before)} files", *prune_it, "--dry-run")
    print(said.out.rstrip())
    done = timed("prune", *prune_it, "--yes", "--json").json
    print(f"{'':44} {done['files']} files, {done['bytes'] / 1e6:.0f} MB removed")
    assert timed("prune again", *prune_it, "--yes", "--json").json["files"] == 0
    timed("status after it", "status", "--store", store)
    check(open_store(str(store)))
    entries = open_store(str(store)).entries()
    timed_all(
        f"runs show, all {len(entries)} runs", [("runs", "show", one.run_id, "--store", store) for one in entries]
    )
    timed("report of the first night", "report", *RECIPE, store, "--date", day(0))
    night = timed("nightly of one more night", "nightly", archive, *RECIPE, store, "--local", "--json").json
    assert night["listed"] == night["scored"] > 0
    timed("caption", "caption", *RECIPE, store, "--local")
    (root / "space.toml").write_text(SPACE)
    search = ("--space", root / "space.toml", "--validation", "simulated", "--until", "2024-01-01")
    timed("tune", "tune", root / "small", *RECIPE, store, "--local", *search)
    check(open_store(str(store)))


def timed_all(name, commands):
    start, cpu = time.monotonic(), time.process_time()
    for command in commands:
        said = asd(*command)
        assert said.code == 0, said.err
    tell(name, time.monotonic() - start, time.process_time() - cpu)


def check(store):
    """No dead link, and of what records name nothing is gone but scorers that fits alone name."""
    dead, gone = dead_links(store.files), Counter(job for job, _ in missing(store))
    assert not dead and set(gone) <= {"fit"}, (dead[:5], gone)
    print(f"{'':44} no dead link; gone: {dict(gone)} (scorers that fits alone name)")


def count_requests(folder, nights, keep):
    """Requests of status and prune, as they would be to S3."""
    files = Store(open_store(str(folder)).files).files
    infos = files.list()
    bucket = Bucket({info.path: files.read(info.path) for info in infos})
    bucket.modified = {info.path: info.modified for info in infos}
    store = Store(bucket)
    store_status(store, newest_nights(store, 7), 7)
    print(f"requests of status: {dict(bucket.asked())}")
    bucket.requests.clear()
    now = datetime.fromisoformat(at(day(nights - keep), "00:00")) + timedelta(days=keep)
    plan = find_prunable(Store(bucket), timedelta(days=keep), now=now)
    print(f"requests of prune --dry-run: {dict(bucket.asked())}")
    bucket.requests.clear()
    prune(Store(bucket), plan)
    asked = bucket.asked()
    asked["delete, a thousand at once"] = -(-asked.pop("delete") // 1000)
    print(f"requests of prune, beside these: {dict(asked)}")


def copied_to_s3(folder):
    """The address of a copy on a server of this process."""
    import logging
    import os

    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="year")
    paths = [path for path in folder.rglob("*") if path.is_file() and ".asd-parts" not in path.parts]

    def put(path):
        s3.put_object(Bucket="year", Key=f"store/{path.relative_to(folder)}", Body=path.read_bytes())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, paths))
    return "s3://year/store"


def main(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("machines", type=int, nargs="?", default=200)
    parser.add_argument("nights", type=int, nargs="?", default=365)
    parser.add_argument("--s3", action="store_true")
    parser.add_argument("--keep", type=int, default=180, help="newest nights whose reports stay")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        root, keep = Path(folder), min(given.keep, given.nights // 2)
        start, cpu = time.monotonic(), time.process_time()
        store = plant_year(root, given.machines, given.nights)
        tell(
            f"a store of {given.machines} machines, {given.nights} nights",
            time.monotonic() - start,
            time.process_time() - cpu,
        )
        write_archive(root / "more", given.machines, day(given.nights))
        write_archive(root / "few", 4).rename(root / "small")
        if given.s3:
            go_through(copied_to_s3(store), root / "more" / "archive", root, given.nights, keep)
        else:
            go_through(store, root / "more" / "archive", root, given.nights, keep)


if __name__ == "__main__":
    main(sys.argv[1:])
