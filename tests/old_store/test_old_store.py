"""The store that `asd` 0.1 wrote: nothing in it is computed or asked a second time."""

import json
import zipfile
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pytest

from asd_core.store.store import open_store
from tests.command import asd
from tests.old_store import commands
from tests.old_store.commands import ARCHIVE, NIGHTS, STORE

KEPT = Path(__file__).with_name("store-0.1.zip")
KEY, FINGERPRINT = "twfr-knn-35094fdd", "131c10069b760001"


@pytest.fixture
def s3(s3_server):
    """The client of a server that holds the archive and the store as they were."""
    for bucket in (ARCHIVE, STORE):
        s3_server.create_bucket(Bucket=bucket)
    with zipfile.ZipFile(KEPT) as kept:
        for name in kept.namelist():
            bucket, _, key = name.partition("/")
            s3_server.put_object(Bucket=bucket, Key=key, Body=kept.read(name))
    yield s3_server
    for bucket in (ARCHIVE, STORE):
        left = [{"Key": key} for key in files(s3_server, bucket)]
        s3_server.delete_objects(Bucket=bucket, Delete={"Objects": left})
        s3_server.delete_bucket(Bucket=bucket)


def files(s3, bucket=STORE):
    """Every key of a bucket with its content's hash and the moment it was written."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    found = [entry for page in pages for entry in page.get("Contents", [])]
    return {entry["Key"]: (entry["ETag"], entry["LastModified"]) for entry in found}


def given(command):
    said = asd(*command)
    assert said.code == 0, said.err
    return said.json


@pytest.mark.parametrize("date", NIGHTS[2:])
def test_a_scored_night_is_complete_and_only_what_makes_it_found_is_added(s3, date):
    before = files(s3)
    said = asd(*commands.nightly(date))
    assert said.code == 0 and "complete already" in said.err, said.err
    assert (said.json["decoded"], said.json["captions"]["asked"]) == (0, 0)
    after = files(s3)
    assert before.items() <= after.items()
    added = Counter(map(kind, after.keys() - before.keys()))
    judged = {"alarms": 2, "evidence": 2, "nights.parquet": 2}  # of both nights and both scorers
    assert added == {"index": 3, "night": 2, "run_index": 9, "reports": 1} | judged
    assert asd(*commands.nightly(date)).code == 0
    assert files(s3) == after


def kind(key):
    """Kind of an added file."""
    _, folder, *rest = key.split("/")
    if folder == "scores":
        return {f"{KEY}/{night}.parquet": "night" for night in NIGHTS[2:]}["/".join(rest)]
    if folder == "scorers":
        return rest[-1]
    return rest[1] if folder == "embeddings" else folder


def test_what_is_added_tells_what_was_there(s3):
    store = open_store(f"s3://{STORE}/kept")
    rows, runs, clips = store.scores(KEY), store.runs(), store.embedded(FINGERPRINT)
    given(commands.nightly(NIGHTS[3]))
    store = open_store(f"s3://{STORE}/kept")
    assert store.scores(KEY).sort_by("uri") == rows.sort_by("uri") and store.runs() == runs
    assert store.embedded(FINGERPRINT).sort_by("uri") == clips.sort_by("uri") and len(clips) == 25
    assert len(store.embedded(FINGERPRINT, [NIGHTS[3]])) == 6


def test_a_fit_on_stored_embeddings_decodes_nothing(s3):
    assert given(commands.fit())["decoded"] == 0
    assert given(commands.fit_imported())["listed"] == 12


def test_the_scores_are_read_as_they_were_written(s3):
    scores = open_store(f"s3://{STORE}/kept").scores(KEY)
    assert scores["is_flagged"].to_pylist().count(True) == 2
    assert scores["error_reason"].drop_null().to_pylist() == ["empty"]
    assert len(scores) == 13 and set(scores["date"].to_pylist()) == set(NIGHTS[2:])


def test_the_report_tells_the_old_captions(s3):
    assert given(commands.report(NIGHTS[2]))["report"].endswith(f"date={NIGHTS[2]}/index.html")
    page = s3.get_object(Bucket=STORE, Key=f"kept/reports/{KEY}/date={NIGHTS[2]}/index.html")["Body"].read().decode()
    assert "louder than the normal sounds by far" in page


def test_what_a_language_model_answered_is_not_asked_again(s3, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "any")  # nobody listens at the address: a question would be an error
    said = given(commands.caption(NIGHTS[2]))
    assert (said["asked"], said["explained"]) == (0, 2)
    said = given([*commands.caption(NIGHTS[2]), "--ask-again"])
    assert (said["asked"], said["captioned"], said["errors"]) == (2, 2, 0)


def test_a_search_is_complete_and_a_wider_one_evaluates_only_what_is_new(s3, tmp_path):
    space = tmp_path / "space.toml"
    space.write_text(commands.SPACE)
    assert given(commands.tune(space))["already_complete"]
    space.write_text(commands.WIDER)
    said = given(commands.tune(space))
    assert (said["settings"], said["evaluated"]) == (6, 2 if same_libraries() else 6)


def same_libraries():
    """Tell if figures depend on what they depended on when the store was written."""
    store = open_store(f"s3://{STORE}/kept").files
    (scorer,) = [info.path for info in store.list("scorers/imported-knn-c7c9073c") if info.path.endswith(".json")]
    kept = json.loads(store.read(scorer))["libraries"]
    return all(version(name) == kept[name] for name in ("numpy", "scikit-learn", "scipy"))
