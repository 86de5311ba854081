"""Every bad recording ends as one row: an error with its reason, or a score, with a warning where something is odd."""

import secrets
from pathlib import Path

import numpy as np
import pytest

from tests.bad_input.conftest import FAN, plant_in, plant_on
from tests.bad_input.recordings import (
    JPEG,
    RATE,
    THREE_HOURS,
    cut_flac,
    damaged_flac,
    flac_that_promises,
    noise,
    unknown_codec,
    wav,
    with_one,
    write_three_hours,
)

ERRORS = {
    "empty.wav": (b"", "empty", "no bytes"),
    "cut-header.wav": (wav(noise())[:20], "not_audio", "WAV header, cut short"),
    "cut-header.flac": (wav(noise(), form="FLAC")[:20], "not_audio", "FLAC header, cut short"),
    "picture.wav": (JPEG, "not_audio", "JPEG"),
    "codec.wav": (unknown_codec(), "not_audio", "cannot be decoded"),
    "header-only.wav": (wav(noise())[:44], "no_samples", "no samples behind it"),
    "nan.wav": (with_one(np.nan), "not_finite", "1 of 16000 samples"),
    "inf.wav": (with_one(-np.inf), "not_finite", "1 of 16000 samples"),
    "silence.wav": (wav(np.zeros(RATE)), "silent", "check the microphone"),
    "constant.wav": (wav(np.full(RATE, 0.25)), "silent", "check the microphone"),
    "short.wav": (wav(noise(0.03)), "too_short", "480 samples are shorter than half a window"),
}
SCORED = {
    "good.wav": (wav(noise(seed=5)), ""),
    "cut.wav": (wav(noise())[:20_000], "truncated: 0.62 s of the 1.00 s"),
    "cut.flac": (cut_flac(), "truncated: 2.82 s of the 4.00 s"),
    "cut.ogg": (wav(noise(4.0), form="OGG")[:-3000], "without its end mark"),
    "promises-three-hours.flac": (flac_that_promises(THREE_HOURS), "s that the header promises"),
    "tagged.wav": (b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + wav(noise()) + b"TAG" + bytes(125), ""),
    "streamed.wav": (wav(noise())[:40] + b"\xff" * 4 + wav(noise())[44:], ""),
    "never-finished-aiff.wav": (wav(noise(), form="AIFF")[:42] + bytes(4) + wav(noise(), form="AIFF")[46:], ""),
    "followed.flac": (wav(noise(), form="FLAC") + b"other bytes", ""),
    "damaged.flac": (damaged_flac(), "damaged: 0.26 s within the recording cannot be decoded"),
    "half-a-second.wav": (wav(noise(0.5)), ""),
    "768-khz.wav": (wav(noise(0.2, rate=768_000), rate=768_000), ""),
    "64-channels.wav": (wav(noise(0.5, channels=64)), ""),
    "768-khz-64-channels.wav": (wav(noise(0.05, 768_000, 64), 768_000), ""),
}


@pytest.fixture(scope="module", params=["folder", "s3"])
def night(request, fitted, tmp_path_factory):
    """The counts and rows of one night with all of them."""
    if request.param == "folder":
        place = plant_in(tmp_path_factory.mktemp("plant"), fitted)
    else:
        name = f"fleet-{secrets.token_hex(6)}"
        request.getfixturevalue("s3_server").create_bucket(Bucket=name)
        place = plant_on(f"s3://{name}", fitted)
    for name, (data, *_) in (ERRORS | SCORED).items():
        place.put(name, data)
    return place.night()


def test_all_are_counted(night):
    counts, rows = night
    assert set(rows) == set(ERRORS) | set(SCORED)
    assert (counts["scored"], counts["errors"], counts["warnings"]) == (len(SCORED), len(ERRORS), 5)
    assert counts["errors_by_reason"]["not_audio"] == 4 and len(counts["reports"]) == 1


@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_be_used_is_an_error_with_its_reason(night, name):
    row = night[1][name]
    _, reason, says = ERRORS[name]
    assert row["error_reason"] == reason and says in row["error"] and "\n" not in row["error"]
    assert row["anomaly_score"] is None and row["is_flagged"] is None


@pytest.mark.parametrize("name", SCORED)
def test_what_is_odd_is_scored_and_says_so(night, name):
    row = night[1][name]
    warning = SCORED[name][1]
    assert row["error"] is None and np.isfinite(row["anomaly_score"])
    assert warning in row["warning"] if warning else row["warning"] is None


def test_three_hours_of_768_khz_and_64_channels_are_refused_unread(plant, tmp_path):
    write_three_hours(tmp_path / "archive" / FAN / "three-hours.wav")  # a terabyte, were it read
    _, rows = plant.night()
    assert rows["three-hours.wav"]["error_reason"] == "too_long"
    assert "988.8 GiB are too large to be read whole: the limit is 2 GiB" in rows["three-hours.wav"]["error"]
    assert rows["good.wav"]["anomaly_score"] is not None


def test_a_channel_that_a_clip_has_not_is_an_error(plant):
    assert plant.night("--channel", "3")[1]["good.wav"]["error_reason"] == "no_such_channel"


def test_a_clip_of_1_hz_is_scored(plant):
    plant.put("1-hz.wav", wav(noise(20.0, rate=1), rate=1))
    row = plant.night("--no-report")[1]["1-hz.wav"]
    assert (row["error"], row["warning"], row["seconds"]) == (None, None, 20.0) and np.isfinite(row["anomaly_score"])


def test_a_flagged_clip_of_1_hz_is_on_the_page(plant):
    plant.put("1-hz.wav", wav(noise(20.0, rate=1), rate=1))
    counts, rows = plant.night()
    assert rows["1-hz.wav"]["is_flagged"] and "1-hz.wav" in Path(counts["reports"][0]).read_text()


def test_what_is_too_long_once_decoded_is_an_error_where_all_of_it_is_heard(plant):
    plant.put("promises.flac", flac_that_promises(THREE_HOURS))
    _, rows = plant.night("--set", "encoder.clip_rule=windows")
    assert rows["promises.flac"]["error_reason"] == "too_long"
    assert "12656 s are too long to be decoded whole" in rows["promises.flac"]["error"]


def test_a_short_clip_is_scored_where_the_rule_is_to_tile(plant):
    plant.put("short.wav", wav(noise(0.03)))
    assert plant.night("--set", "encoder.clip_rule=tile")[1]["short.wav"]["error_reason"] == "no_scorer"
    assert plant.night()[1]["short.wav"]["error_reason"] == "too_short"


def test_sound_that_is_not_heard_is_told_with_figures_and_segments_hear_all_of_it(plant):
    plant.put("long.wav", wav(noise(35.0)))
    counts, rows = plant.night()
    (note,) = [note for note in counts["notes"] if "not scored" in note]
    assert "are longer than the 10 s that are heard of each" in note and "encoder.clip_rule=segments" in note
    assert "What was heard." in Path(counts["reports"][0]).read_text()
    assert rows["long.wav"]["seconds"] == 35.0
    heard = plant.night("--no-report", "--set", "encoder.clip_rule=segments")[0]
    assert not [note for note in heard["notes"] if "not scored" in note]
