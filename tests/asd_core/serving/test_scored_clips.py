"""Clips are found by their ids in what runs committed, and nowhere else."""

import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.score import score
from asd_core.serving.scored_clips import ScoredClips
from asd_core.store.layout import night_path
from tests.asd_core.serving.plants import KEY, NIGHT, RECIPE, SCORED, SQUEALING
from tests.fleet import listed


def test_a_clip_is_found_with_its_row_wherever_it_stands(read_plant):
    scored = ScoredClips(read_plant.store)
    for date in SCORED:
        for row in read_plant.clips(date).values():
            for asked in ({}, {"key": KEY}, {"date": date}, {"key": KEY, "date": date}):
                found = scored.find(row["clip_id"], **asked)
                assert (found.key, found.date) == (KEY, date)
                assert {name: found.row[name] for name in row} == row


@pytest.mark.parametrize("clip_id", ["0" * 32, "", "..", "../runs", "A" * 32, "x" * 5000, "\x00", "0" * 31 + "\n"])
def test_no_other_id_is_found(read_plant, clip_id):
    assert ScoredClips(read_plant.store).find(clip_id) is None


def test_a_clip_is_not_found_in_another_night_or_under_another_key(read_plant):
    clip_id = read_plant.clips()["00", 0]["clip_id"]
    scored = ScoredClips(read_plant.store)
    assert scored.find(clip_id, KEY, SCORED[0]) is None
    assert scored.find(clip_id, "../" + KEY) is None and scored.find(clip_id, KEY, "2026-12-24") is None


def test_flagged_clips_follow_the_alarms_and_the_score(read_plant):
    scored = ScoredClips(read_plant.store)
    rows = {row["clip_id"]: row for row in read_plant.clips().values()}
    ids = scored.flagged(KEY, NIGHT)
    assert set(ids) == {clip_id for clip_id, row in rows.items() if row["is_flagged"]}
    assert [rows[clip_id]["machine_id"] for clip_id in ids[:3]] == [SQUEALING] * 3
    scores = [rows[clip_id]["anomaly_score"] for clip_id in ids[:3]]
    assert scores == sorted(scores, reverse=True)
    assert scored.flagged(KEY, "2026-12-24") == ()


def test_the_flagged_clips_beside_one_lead_through_all_of_them(read_plant):
    scored = ScoredClips(read_plant.store)
    ids = scored.flagged(KEY, NIGHT)
    walked, at = [], ids[0]
    while at is not None:
        before, after = scored.beside(scored.find(at, KEY, NIGHT))
        assert before == (walked[-1] if walked else None)
        walked.append(at)
        at = after
    assert tuple(walked) == ids
    well = next(row for row in read_plant.clips().values() if not row["is_flagged"])
    assert scored.beside(scored.find(well["clip_id"], KEY, NIGHT)) == (None, ids[0])


def test_a_newer_night_is_seen_without_a_restart_and_a_replaced_recording_is_another_clip(plant):
    scored = ScoredClips(plant.store)
    rows = plant.clips()
    clip_id = rows["02", 1]["clip_id"]
    scored.flagged(KEY, NIGHT)
    clips = listed(plant.archive, date=NIGHT)
    changed = clips.set_column(0, "clip_id", [[f"{number:032x}" for number in range(len(clips))]])
    score(plant.store, RECIPE, changed, LocalEngine(), job="nightly")
    assert scored.find(clip_id, KEY, NIGHT) is None
    assert all(row["error_reason"] for row in plant.clips().values()) and scored.flagged(KEY, NIGHT) == ()


def test_where_the_file_of_a_night_is_broken_clips_are_found_in_what_runs_wrote(plant):
    before, flagged = plant.clips(), ScoredClips(plant.store).flagged(KEY, NIGHT)
    data = plant.store.files.read(night_path(KEY, NIGHT))
    middle = len(data) // 3
    plant.store.files.write(night_path(KEY, NIGHT), data[:middle] + b"\x00" * 200 + data[middle + 200 :])
    scored = ScoredClips(plant.store)
    for row in before.values():
        found = scored.find(row["clip_id"], KEY, NIGHT).row
        assert {name: found[name] for name in row} == row
    assert scored.flagged(KEY, NIGHT) == flagged
