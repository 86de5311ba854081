from pathlib import Path

import pytest

from asd_core.store.addresses import open_files
from asd_core.store.store import open_store
from tests.asd_core.evaluation.submissions import write_team, write_truth
from tests.command import asd
from tests.fleet import NIGHTS, clip_path, write_fleet


def upload(folder: Path, url: str):
    place = open_files(url)
    for path in folder.rglob("*.*"):
        if path.is_file():
            place.write(str(path.relative_to(folder)), path.read_bytes())


def told(row, prefix):
    """A score row without what must differ between places: the prefix of uris, and what hashes them or the etag."""
    cut = {"uri": row["uri"].removeprefix(prefix), "scorer_version": (row["scorer_version"] or "")[:7]}
    nearest = row["nearest_uris"] and [uri.removeprefix(prefix) for uri in row["nearest_uris"]]
    return row | cut | {"nearest_uris": nearest, "clip_id": None}


def scored(archive, store):
    """Fit and score the archive; the JSON of the night and its rows by uri without prefix."""
    arguments = [archive, "--recipe", "twfr-gmm", "--store", store, "--local", "--json"]
    assert asd("fit", *arguments).code == 0
    night = asd("nightly", *arguments)
    assert night.code == 0, night.err
    prefix = open_files(str(archive)).url
    rows = open_store(str(store)).scores(night.json["key"]).to_pylist()
    return night.json, sorted((told(row, prefix) for row in rows), key=lambda row: row["uri"])


def test_real_clips_on_s3_give_the_rows_that_they_give_in_a_folder(real_data, tmp_path, bucket):
    archive = real_data / "dcase2020_task2_dev_subset"
    upload(archive, f"{bucket}/recordings")
    there, rows_there = scored(f"{bucket}/recordings", f"{bucket}/store")
    here, rows_here = scored(archive, tmp_path)
    assert (there["listed"], there["scored"], there["errors"]) == (93, 4, 89)
    assert {row["error"].split(" for ")[0] for row in rows_there if row["error"]} == {"no scorer"}
    assert rows_there == rows_here
    assert there["reports"][0].startswith(bucket)


def test_the_same_night_again_on_s3_adds_nothing(tmp_path, bucket):
    write_fleet(tmp_path, dates=NIGHTS[:2])
    clip_path(tmp_path, "00", NIGHTS[1], 0).write_bytes(b"")
    upload(tmp_path, f"{bucket}/recordings")
    store = ["--recipe", "twfr-knn", "--store", f"{bucket}/store", "--local"]
    assert asd("fit", f"{bucket}/recordings", *store, "--until", NIGHTS[0]).code == 0
    assert asd("nightly", f"{bucket}/recordings", *store).code == 0
    before = open_files(f"{bucket}/store").list()
    assert asd("nightly", f"{bucket}/recordings", *store).code == 0
    assert open_files(f"{bucket}/store").list() == before


def test_a_manifest_on_s3_names_clips_on_s3(tmp_path, bucket):
    asd("simulate", tmp_path, "--nights", "1", "--machines-per-type", "1", "--seconds", "0.5")
    upload(tmp_path, f"{bucket}/recordings")
    result = asd(
        "embed",
        f"{bucket}/recordings/manifest.csv",
        "--recipe",
        "twfr-knn",
        "--store",
        tmp_path / "s",
        "--local",
        "--json",
    )
    assert result.code == 0 and result.json["listed"] == result.json["decoded"] > 10
    assert result.json["errors"] == 5


@pytest.mark.parametrize("url", ["s3://no-such-bucket/recordings", "s3://x", "gs://bucket/recordings"])
def test_a_place_that_is_not_there_is_one_line(s3_server, tmp_path, url):
    result = asd("embed", url, "--recipe", "twfr-knn", "--store", tmp_path, "--local")
    assert result.code in (1, 2) and result.out == "" and result.err.count("\n") == 1


def test_submissions_and_their_ground_truth_may_lie_on_s3(tmp_path, bucket):
    write_team(tmp_path / "teams/team_a")
    write_truth(tmp_path / "truth")
    upload(tmp_path, bucket)
    there, here = (
        asd("evaluate", "--submissions", f"{place}/teams", "--ground-truth", f"{place}/truth", "--json")
        for place in (bucket, tmp_path)
    )
    assert (there.code, there.json) == (0, here.json)
