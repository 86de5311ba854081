"""The report's copy of a sound stands in for a recording that is gone."""

from asd_core.pages.night.media import ClipMedia, Recording
from asd_core.serving.report_media import from_report
from tests.asd_core.serving.plants import KEY, NIGHT, SQUEALING


def test_a_recording_that_is_gone_is_heard_from_the_report(plant):
    flagged = plant.clips()[SQUEALING, 0]
    gone = flagged["uri"]
    page = plant.get(flagged).text
    path = plant.archive / gone.removeprefix(plant.archive.as_uri() + "/").replace("%3D", "=")
    kept, before = path.read_bytes(), plant.get(flagged, "/media/clip.flac").content
    path.unlink()
    try:
        plant.__dict__.pop("client")
        answer = plant.get(flagged)
        sound = plant.get(flagged, "/media/clip.flac")
    finally:
        path.write_bytes(kept)
    assert "cannot be played" not in page and "Heard here is the copy in the report of the night." in answer.text
    assert sound.status_code == 200 and sound.content == before


def test_what_could_be_made_is_left_as_it_is_and_what_no_report_has_too(plant):
    from asd_core.serving.clip_sounds import SoundRequest

    request = SoundRequest("file:///unknown.wav")
    made = ClipMedia(Recording("a", b"a", b"b"), None, "", "")
    assert from_report(plant.store, KEY, NIGHT, request, made) is made
    lost = ClipMedia(None, None, "", "The recording cannot be played: gone")
    assert from_report(plant.store, KEY, NIGHT, request, lost) is lost
