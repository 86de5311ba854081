"""The contents of a clip's page: its parts, its captions, and what is left of it where files are gone."""

from dataclasses import replace

import pytest

from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.serving.clip_view import clip_view
from asd_core.serving.scored_clips import ScoredClips
from tests.asd_core.serving.plants import KEY, NIGHT, SQUEALING, keep_captions


@pytest.fixture
def found(plant):
    return ScoredClips(plant.store).find(plant.clips()[SQUEALING, 0]["clip_id"], KEY, NIGHT)


def kept(plant):
    return plant.store.kept_alarms(KEY, [NIGHT]).get(NIGHT)


def segmented(found, start, seconds, segments):
    """The same clip as if its segments had been scored."""
    changed = {"segment_start": start, "seconds": seconds, "segments": segments}
    changed["nearest_starts"] = [0.0] * len(found.row["nearest_uris"])
    return replace(found, row={**found.row, **changed})


def test_a_short_clip_has_no_parts_and_is_heard_as_a_whole(plant, found):
    view = clip_view(plant.store, found, kept(plant))
    assert view.parts == () and view.sound.place == found.row["uri"]
    assert view.sound.nearest == tuple(found.row["nearest_uris"])
    assert view.judgement.tier == "act" and view.clip.excess > 0 and view.error == ""


def test_a_long_recording_is_heard_from_its_loudest_segment_and_offers_the_others(plant, found):
    long = segmented(found, 250.0, 600.0, 60)
    view = clip_view(plant.store, long, None)
    assert view.sound.place.endswith("#t=250")
    assert [part.at for part in view.parts if part.is_worst] == [250.0]
    assert [part.at for part in view.parts if part.is_shown] == [250.0]
    other = clip_view(plant.store, long, None, start=120.0)
    assert other.sound.place.endswith("#t=120") and [part.at for part in other.parts if part.is_shown] == [120.0]
    assert {part.at for part in other.parts} == {part.at for part in view.parts}


@pytest.mark.parametrize("seconds", [121.0, 3600.0, 86_400.0])
def test_parts_cover_a_recording_and_are_never_too_many(plant, found, seconds):
    parts = clip_view(plant.store, segmented(found, 0.0, seconds, 9), None).parts
    length = 10.0  # that the recipe hears
    assert parts[0].at == 0.0 and parts[-1].at < seconds and 2 <= len(parts) <= 50
    steps = {round(late.at - early.at, 6) for early, late in zip(parts, parts[1:], strict=False)}
    (step,) = steps
    assert step % length == 0 and parts[-1].at + step >= seconds


def test_a_start_beyond_the_end_is_that_of_the_loudest_segment(plant, found):
    assert clip_view(plant.store, segmented(found, 20.0, 30.0, 3), None, start=30.0).sound.place.endswith("#t=20")


def test_captions_are_those_of_this_score(plant, found):
    assert clip_view(plant.store, found, kept(plant)).captions is None
    keep_captions(plant.store, found.row)
    view = clip_view(plant.store, found, kept(plant))
    assert view.captions.text == "a tone" and view.sound.is_described
    other = replace(found, row={**found.row, "scorer_version": "v000009-00000000"})
    assert clip_view(plant.store, other, None).captions is None


def test_a_scorer_and_alarms_that_are_gone_leave_the_rest(plant, found):
    version = found.row["scorer_version"]
    plant.store.files.delete(f"{scorer_folder(KEY, 'fan', SQUEALING)}/{version}/scorer.json")
    plant.store.files.delete(f"alarms/{KEY}/date={NIGHT}.parquet")
    view = clip_view(plant.store, found, kept(plant))
    assert view.clip.excess is None and view.status is None and view.sentence == ""


def test_an_error_has_a_reason_and_no_sound(plant):
    found = ScoredClips(plant.store).find(plant.clips()["00", 2]["clip_id"])
    view = clip_view(plant.store, found, kept(plant))
    assert view.error.startswith("not_audio: ") and view.sound is None and view.clip is None
