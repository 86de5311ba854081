import os
from collections import Counter

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from asd_core.store.addresses import open_files
from asd_core.store.store import open_store
from tests.cluster.faulty_s3 import FAILURES, FAULTS, FaultyS3
from tests.command import asd, asd_process
from tests.fleet import NIGHTS, by_uri, write_fleet

LINE = ("--recipe", "twfr-knn", "--set", "encoder.clip_seconds=0.5", "--set", "encoder.n_mels=8", "--json")
MOST_SECONDS = 80  # until a run says that nothing answers


def plain(url):
    """A client that tries once."""
    return boto3.client("s3", endpoint_url=url, config=Config(retries={"total_max_attempts": 1}))


@pytest.mark.parametrize(
    ("fault", "answers", "is_done"),
    [
        ("500", "InternalError", False),
        ("503", "SlowDown", False),
        ("reset", "Connection was closed", False),
        ("lost", "Connection was closed", True),
        ("cut", "", True),
        ("slow", "", True),
    ],
)
def test_each_fault_is_what_it_is_called(bucket, s3_server, fault, answers, is_done):
    name = bucket.removeprefix("s3://")
    with FaultyS3(os.environ["AWS_ENDPOINT_URL"], 1.0, kinds=[fault], slow_seconds=0.01) as proxy:
        client, said = plain(proxy.url), ""
        try:
            client.put_object(Bucket=name, Key="a", Body=b"12345678")
        except (BotoCoreError, ClientError) as error:
            said = str(error)
        assert answers in said and bool(said) == bool(answers)
        assert [one["Key"] for one in s3_server.list_objects_v2(Bucket=name).get("Contents", ())] == ["a"] * is_done
        if fault == "cut":
            with pytest.raises(BotoCoreError):
                client.get_object(Bucket=name, Key="a")["Body"].read()
        assert set(proxy.faults) == {fault}


def test_faults_depend_on_the_seed_and_the_request_alone():
    proxies = [FaultyS3("http://none", 0.2, seed=seed) for seed in (1, 1, 2)]
    drawn = [[proxy.draw("GET", f"/{number}") for number in range(2000)] for proxy in proxies]
    assert drawn[0] == drawn[1] != drawn[2]
    assert set(drawn[0]) == {"", *FAULTS} and 330 < sum(map(bool, drawn[0])) < 470
    assert proxies[0].faults == Counter(drawn[0])
    assert drawn[0] != [proxies[0].draw("GET", f"/{number}") for number in range(2000)]  # the same requests again


@pytest.fixture
def fitted(bucket, tmp_path):
    """A fleet and a store with its scorers on S3."""
    archive = write_fleet(tmp_path / "archive")
    for info in open_files(str(archive)).list():
        open_files(f"{bucket}/archive").write(info.path, (archive / info.path).read_bytes())
    said = asd("fit", f"{bucket}/archive", "--until", NIGHTS[1], "--store", f"{bucket}/store", *LINE, "--local")
    assert said.code == 0, said.err
    return bucket


def night(bucket, url, *more, to="store"):
    line = ("nightly", f"{bucket}/archive", "--date", NIGHTS[2], "--captioner", "acoustic", *LINE, *more)
    return asd_process(*line, "--store", f"{bucket}/{to}", AWS_ENDPOINT_URL=url)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "processes"])
def test_a_fifth_of_requests_that_fail_changes_no_row_and_no_run_waits_for_itself(fitted, engine):
    target, copy = os.environ["AWS_ENDPOINT_URL"], open_files(f"{fitted}/copy")
    for info in open_files(f"{fitted}/store").list():
        copy.write(info.path, open_files(f"{fitted}/store").read(info.path))
    clean = night(fitted, target, "--engine", engine, to="copy")
    with FaultyS3(target, 0.2, seed=len(engine)) as proxy:
        said = night(fitted, proxy.url, "--engine", engine)
    print(proxy.faults, said.err)
    assert (clean.code, said.code) == (0, 0), said.err
    assert "waiting for" not in said.err and proxy.faults["lost"] > 0
    key = said.json["key"]
    rows, expected = (by_uri(open_store(f"{fitted}/{one}").scores(key, NIGHTS[2])) for one in ("store", "copy"))
    assert rows == expected and len(rows) == 8
    assert open_files(f"{fitted}/store").list("locks") == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*FAILURES, "all"])
def test_a_store_that_never_answers_is_said_in_one_line_in_time(fitted, kind):
    import time

    start = time.monotonic()
    with FaultyS3(os.environ["AWS_ENDPOINT_URL"], 1.0, kinds=FAILURES if kind == "all" else [kind]) as proxy:
        said = night(fitted, proxy.url, "--local", "--quiet")
    assert said.code == 1 and said.err.count("\n") == 1 and said.err.startswith("Error: "), said
    assert time.monotonic() - start < MOST_SECONDS
