"""The page of a clip: what it shows, what it plays, and what it says where something is missing."""

import io
import re

import numpy as np
import pytest
import soundfile

from asd_core.audio.decoding import read_clip
from asd_core.pages.number_format import figure
from tests.asd_core.pages.outline import Outline
from tests.asd_core.serving.plants import KEY, NIGHT, SCORED, SQUEALING


def links(page, pattern):
    return [found.replace("&amp;", "&") for found in re.findall(pattern, page)]


def test_a_flagged_clip_is_shown_with_its_score_its_alarm_and_both_sounds(plant):
    clip = plant.clips()[SQUEALING, 0]
    answer = plant.get(clip)
    assert answer.status_code == 200
    page = answer.text
    assert figure(clip["anomaly_score"]) in page and "Flagged" in page and "in alarm, new" in page
    assert page.count("<audio") == 2 and page.count("<img") == 2
    assert "Against</b>" not in page and "its nearest normal clips:" in page
    assert "script-src 'sha256-" in answer.headers["content-security-policy"]


def test_its_sound_is_the_recording_and_can_be_had_in_ranges(plant):
    clip = plant.clips()[SQUEALING, 0]
    for address in links(plant.get(clip).text, r'src="(/clips/[^"]+)"'):
        answer = plant.client.get(address)
        assert answer.status_code == 200 and answer.headers["x-content-type-options"] == "nosniff"
        part = plant.client.get(address, headers={"range": "bytes=5-14"})
        assert (part.status_code, part.content) == (206, answer.content[5:15])
        assert plant.client.head(address).headers["content-length"] == str(len(answer.content))
    heard, rate = soundfile.read(io.BytesIO(plant.get(clip, "/media/clip.flac").content))
    original, _ = soundfile.read(io.BytesIO(read_clip(clip["uri"])))
    assert rate == 16_000 and np.abs(heard - original).max() < 2**-15


def test_flagged_clips_lead_to_one_another(plant):
    first, *_ = plant.client.app.state.clips.scored.flagged(KEY, NIGHT)
    page = plant.client.get(f"/clips/{first}").text
    assert not links(page, r'rel="prev" href="([^"]+)"')
    (after,) = links(page, r'rel="next" href="([^"]+)"')
    page = plant.client.get(after).text
    assert links(page, r'rel="prev" href="([^"]+)"')[0].startswith(f"/clips/{first}?")


def test_a_clip_without_a_score_says_why_and_offers_no_sound(plant):
    page = plant.get(plant.clips()["00", 2]).text
    assert "Without a score: not_audio" in page and "<audio" not in page and 'name="uri"' not in page


def test_a_clip_that_is_not_flagged_is_shown_too(plant):
    clip = next(row for row in plant.clips(SCORED[0]).values() if row["is_flagged"] is False)
    assert "Not flagged" in plant.get(clip, date=SCORED[0]).text


def test_labels_are_shown_and_undone(plant):
    clip = plant.clips()[SQUEALING, 0]
    plant.post(uri=clip["uri"], date=NIGHT, answer="fault", words="<i>belt</i>", labelled_by="Ann")
    page = plant.get(clip).text
    assert "Labelled a fault by Ann (&#34;&lt;i&gt;belt&lt;/i&gt;&#34;)" in page and 'value="removed"' in page
    plant.post(uri=clip["uri"], date=NIGHT, answer="removed")
    page = plant.get(clip).text
    assert "No label." in page and 'value="removed"' not in page and "Label taken back" in page


@pytest.mark.parametrize(
    "path",
    [
        "/clips/" + "0" * 32,
        "/clips/..%2f..%2fruns",
        "/clips/%2e%2e/runs",
        "/clips//etc/passwd",
        "/clips/%252e%252e%252fetc%252fpasswd",
        "/clips/CLIP/media/../clip.flac",
        "/clips/CLIP/media/..%2fclip.flac",
        "/clips/CLIP/media/%2fetc%2fpasswd",
        "/clips/CLIP/media/clip.wav",
        "/clips/CLIP/media/",
        "/clips/CLIP/",
        "/clips/CLIP%00",
    ],
)
def test_nothing_else_is_there(plant, path):
    clip_id = plant.clips()[SQUEALING, 0]["clip_id"]
    assert plant.raw(path.replace("CLIP", clip_id))[0] == 404


def test_a_clip_of_another_key_or_night_is_not_there(plant):
    clip = plant.clips()[SQUEALING, 0]
    for asked in ({"key": "../.."}, {"date": "/etc"}, {"date": SCORED[0]}):
        assert plant.get(clip, **asked).status_code == 404


@pytest.mark.parametrize("start", ["0.5", "-1", "nan", "inf", "1e999", "x", "99999"])
def test_any_start_is_answered(plant, start):
    clip = plant.clips()[SQUEALING, 0]
    assert plant.get(clip, start=start).status_code == 200
    assert plant.get(clip, "/media/clip.flac", start=start).status_code == 200


def test_every_field_has_a_label_and_every_id_stands_once(plant):
    page = Outline(plant.get(plant.clips()[SQUEALING, 0]).text)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    fields = [one for one in page.named("input") if one["type"] not in ("hidden", "radio")]
    assert fields and {one["id"] for one in fields} <= {one["for"] for one in page.named("label") if "for" in one}
    targets = [one["href"][1:] for one in page.named("a") if one["href"].startswith("#")]
    assert set(targets) <= set(ids)
