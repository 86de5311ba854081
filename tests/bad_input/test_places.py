"""Archives and stores that cannot be reached, read or written: one line, exit 1, and nothing half-visible."""

import os
import urllib.request
from pathlib import Path

import pytest

from asd_core.store.addresses import open_files
from tests.bad_input.access import no_file_larger_than, permissions_that_count, remount, small_disk
from tests.bad_input.conftest import Plant, published
from tests.fleet import write_fleet


def no_traces(folder):
    return not list(folder.rglob(".asd-part-*")) and not list(folder.rglob("locks/*/*.json"))


@pytest.mark.parametrize("size", [32, 1_000, 5_000])
def test_a_store_that_takes_no_more_fails_and_the_same_command_finishes_it(plant, tmp_path, size):
    with no_file_larger_than(size):
        line = plant.fails()
    assert line.startswith(f"Error: cannot write {tmp_path}/store/") and "File too large" in line
    assert no_traces(tmp_path / "store")
    counts, rows = plant.night()
    assert counts["scored"] == 1 and rows["good.wav"]["anomaly_score"] is not None


def test_a_report_that_cannot_be_written_leaves_the_scores_and_comes_with_the_same_command(plant, tmp_path):
    with no_file_larger_than(12_000):
        said = plant.run()
    assert (said.code, said.out) == (1, "") and f"Error: cannot write {tmp_path}/store/reports/" in said.err
    assert not list((tmp_path / "store").rglob("index.html")) and no_traces(tmp_path / "store")
    counts, _ = plant.night()
    assert counts["scored"] == 1 and Path(counts["reports"][0]).exists()


def test_a_full_disk_fails_wherever_it_fills_up_and_the_same_command_finishes_it(tmp_path):
    archive = write_fleet(tmp_path / "archive", machines=["00"], dates=["2026-11-01"])
    codes = []
    for kilobytes in (4, 16, 24, 32, 40, 48, 64, 256):
        with small_disk(tmp_path / "disk", f"{kilobytes}k") as disk:
            plant = Plant(str(archive), str(disk / "store"))
            said = plant.run("--until", "2026-11-01", command="fit")
            codes.append(said.code)
            if said.code:
                assert said.code == 1 and said.out == "" and said.err.count("Error: ") == 1, said.err
                assert "No space left on device" in said.err and "cannot write" in said.err
                assert not published(plant.store) and not list(disk.rglob(".asd-part-*"))
                remount(disk, "size=8m")
                assert plant.run("--until", "2026-11-01", command="fit").json["fitted"] == 1
    assert codes[0] == 1 and codes[-1] == 0 and codes == sorted(codes, reverse=True)


def test_a_read_only_disk_is_one_line(fitted, tmp_path):
    archive = write_fleet(tmp_path / "archive", machines=["00"], dates=["2026-11-03"])
    with small_disk(tmp_path / "disk", "4m") as disk:
        remount(disk, "ro")
        line = Plant(str(archive), str(disk / "store")).fails()
    assert "Read-only file system" in line and "cannot write" in line


def test_a_store_that_may_not_be_written_is_one_line(plant, tmp_path):
    (tmp_path / "store").chmod(0o500)
    with permissions_that_count():
        line = plant.fails()
    assert "Permission denied" in line and str(tmp_path / "store") in line


def test_a_store_that_may_not_be_read_is_one_line(plant, tmp_path):
    (tmp_path / "store").chmod(0)
    with permissions_that_count():
        line = plant.fails()
    assert "Permission denied" in line and str(tmp_path / "store") in line


def test_an_archive_of_which_a_folder_may_not_be_listed_is_refused_whole(plant, tmp_path):
    (tmp_path / "archive/machine_type=fan/machine_id=00").chmod(0)
    with permissions_that_count():
        line = plant.fails()
    assert "cannot list" in line and "Permission denied" in line and "machine_id=00" in line


def test_a_store_that_is_a_file_is_refused(plant, tmp_path):
    (tmp_path / "file").write_text("")
    said = plant._replace(store=str(tmp_path / "file")).run()
    assert (said.code, said.out) == (2, "") and "is a file: name a folder" in said.err
    line = plant._replace(store=(tmp_path / "file").as_uri()).fails()
    assert str(tmp_path / "file") in line


def test_an_archive_that_is_a_file_is_refused(plant, tmp_path):
    (tmp_path / "one.wav").write_bytes(b"")
    assert "cannot list" in plant._replace(archive=str(tmp_path / "one.wav")).fails()


def test_a_bucket_that_is_not_there_is_one_line(s3_plant, s3_server):
    for place in (s3_plant._replace(archive="s3://no-such-bucket/x"), s3_plant._replace(store="s3://no-such-bucket/x")):
        assert "s3://no-such-bucket/x: there is no such bucket; make it, or name another" in place.fails()


@pytest.fixture
def denied(s3_server):
    """S3 that knows nobody."""

    def ask(count):
        url = f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/reset-auth"
        urllib.request.urlopen(urllib.request.Request(url, count, {"Content-Type": "text/plain"}))

    ask(b"0")
    yield
    ask(b"inf")


def test_a_bucket_that_is_denied_is_one_line(s3_plant, denied):
    line = s3_plant.fails()
    assert "access denied" in line and "check the credentials in the environment" in line


def test_a_store_that_s3_denies_to_write_is_one_line(s3_plant, s3_server):
    bucket = s3_plant.store.split("/")[2]
    statement = '{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::%s/store/*"}'
    s3_server.put_bucket_policy(
        Bucket=bucket, Policy=f'{{"Version": "2012-10-17", "Statement": [{statement % bucket}]}}'
    )
    before = open_files(s3_plant.store).list()
    line = s3_plant.fails()
    assert "access denied" in line
    assert open_files(s3_plant.store).list() == before
