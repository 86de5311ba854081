"""Archives that change after they are listed, and what is listed and is no recording."""

import os
import stat

import pytest

from asd_core.store.addresses import open_files
from tests.bad_input.access import permissions_that_count
from tests.bad_input.conftest import FAN
from tests.bad_input.recordings import noise, wav


@pytest.fixture
def meddled(any_plant, tmp_path):
    """A night of 16 clips, two shards, and the recipe of an encoder that changes three of them in between."""
    for number in range(12):
        any_plant.put(f"{number:02d}.wav", wav(noise(seed=number)))
    for name in ("z-grows", "z-replaced", "z-vanishes"):
        any_plant.put(f"{name}.wav", wav(noise(seed=50)))
    recipe = tmp_path / "own.toml"
    encoder = f'kind = "tests.bad_input.meddling:Meddler"\nfolder = "{any_plant.archive}/{FAN}"\nclip_seconds = 1.0'
    recipe.write_text(f'[encoder]\n{encoder}\n[detector]\nkind = "memory_bank"\n')
    return any_plant, recipe


def test_a_clip_that_changed_since_it_was_listed_is_an_error_now_and_the_new_clip_next_time(meddled):
    plant, recipe = meddled
    counts, rows = plant.night(recipe=recipe)
    assert counts["listed"] == 16
    assert counts["errors_by_reason"] == {"changed": 2, "no_scorer": 13, "vanished": 1}
    assert {rows[name]["error_reason"] for name in ("z-grows.wav", "z-replaced.wav")} == {"changed"}
    assert "replaced since, or still being written" in rows["z-replaced.wav"]["error"]
    counts, rows = plant.night(recipe=recipe)
    assert (counts["listed"], counts["decoded"]) == (15, 2)
    assert counts["errors_by_reason"] == {"no_scorer": 15} and rows["z-grows.wav"]["seconds"] == 2.0


def test_a_manifest_row_without_a_file_is_vanished(any_plant, tmp_path):
    manifest = tmp_path / "night.csv"
    good = open_files(any_plant.archive).uri(f"{FAN}/good.wav")
    manifest.write_text(f"uri,machine_type,machine_id\n{good},fan,00\n{good.replace('good', 'gone')},fan,00\n")
    _, rows = any_plant._replace(archive=str(manifest)).night()
    assert rows["good.wav"]["anomaly_score"] is not None
    assert rows["gone.wav"]["error_reason"] == "vanished" and "gone.wav" in rows["gone.wav"]["error"]


def test_a_clip_that_may_not_be_read_is_an_error_and_tried_again(plant, tmp_path):
    plant.put("denied.wav", wav(noise(seed=6)))
    path = tmp_path / "archive" / FAN / "denied.wav"
    path.chmod(0)
    with permissions_that_count():
        _, rows = plant.night()
    assert rows["denied.wav"]["error_reason"] == "unreadable" and "Permission denied" in rows["denied.wav"]["error"]
    path.chmod(0o600)
    counts, rows = plant.night()
    assert counts["errors"] == 0 and counts["decoded"] == 1


def test_a_clip_that_s3_denies_is_an_error_and_tried_again(s3_plant, s3_server):
    s3_plant.put("denied.wav", wav(noise(seed=6)))
    bucket = s3_plant.archive.split("/")[2]
    statement = (
        '{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::%s/*denied.wav"}'
    )
    s3_server.put_bucket_policy(
        Bucket=bucket, Policy=f'{{"Version": "2012-10-17", "Statement": [{statement % bucket}]}}'
    )
    _, rows = s3_plant.night()
    assert rows["denied.wav"]["error_reason"] == "unreadable" and "Forbidden" in rows["denied.wav"]["error"]
    s3_server.delete_bucket_policy(Bucket=bucket)
    assert s3_plant.night()[0]["errors"] == 0


def test_what_is_named_as_a_recording_and_is_no_file_neither_hangs_nor_crashes(plant, tmp_path):
    folder = tmp_path / "archive" / FAN
    os.mkfifo(folder / "fifo.wav")
    os.mknod(folder / "socket.wav", stat.S_IFSOCK | 0o600)
    (folder / "endless.wav").symlink_to("/dev/zero")
    (folder / "nowhere.wav").symlink_to("no-such-file.wav")
    (folder / "itself.wav").symlink_to("itself.wav")
    (folder / "folder.wav").mkdir()
    _, rows = plant.night()
    reasons = {name: row["error_reason"] for name, row in rows.items()}
    odd = dict.fromkeys(["fifo.wav", "socket.wav", "endless.wav", "itself.wav"], "unreadable")
    assert reasons == {"good.wav": None, "nowhere.wav": "vanished", **odd}
    assert "no regular file" in rows["fifo.wav"]["error"] and "symbolic links" in rows["itself.wav"]["error"]


def test_linked_folders_are_followed_once_and_loops_end(plant, tmp_path):
    night = tmp_path / "archive" / FAN
    (night / "loop").symlink_to(tmp_path / "archive")
    (tmp_path / "archive" / "a-latest").symlink_to(night)
    elsewhere = tmp_path / "other-disk"
    elsewhere.mkdir()
    (elsewhere / "there.wav").write_bytes(wav(noise(seed=8)))
    (night / "linked").symlink_to(elsewhere)
    counts, rows = plant.night()
    assert (counts["listed"], counts["errors"]) == (2, 0)
    assert rows["good.wav"]["uri"] == open_files(plant.archive).uri(f"{FAN}/good.wav")
    assert rows["there.wav"]["uri"] == open_files(plant.archive).uri(f"{FAN}/linked/there.wav")


def test_a_clip_that_a_manifest_lists_twice_is_one_row_and_is_said(plant, tmp_path):
    manifest = tmp_path / "night.csv"
    path = tmp_path / "archive" / FAN / "good.wav"
    other = path.parent / "." / ".." / path.parent.name / "good.wav"
    manifest.write_text(f"path,machine_type,machine_id\n{path},fan,00\n{other},fan,00\n{path.as_uri()},fan,01\n")
    twice = plant._replace(archive=str(manifest))
    said = twice.run()
    assert said.json["listed"] == said.json["scored"] == 1
    assert "2 listed twice, taken once" in said.err
