"""The page of a clip: what it shows, what it plays, and what it says where something is missing."""

import io
import re
from urllib.parse import urlencode

import numpy as np
import pytest
import soundfile

from asd_core.audio.decoding import read_clip
from asd_core.pages.number_format import figure
from asd_core.store.layout import night_page_path
from asd_core.store.tables import SCORES
from tests.asd_core.pages.outline import EVIL, Outline
from tests.asd_core.serving.plants import KEY, NIGHT, SCORED, SQUEALING, keep_captions, keep_scores
from tests.stored_rows import rows as rows_of


def links(page, pattern):
    return [found.replace("&amp;", "&") for found in re.findall(pattern, page)]


def test_a_flagged_clip_is_shown_with_its_score_its_alarm_and_both_sounds(read_plant):
    clip = read_plant.clips()[SQUEALING, 0]
    answer = read_plant.get(clip)
    assert answer.status_code == 200
    page = answer.text
    assert figure(clip["anomaly_score"]) in page and "Flagged" in page and "in alarm, new" in page
    assert page.count("<audio") == 2 + len(clip["nearest_uris"]) and page.count("<img") == 2
    assert "Against</b>" not in page and "its nearest normal clips:" in page
    assert "script-src 'sha256-" in answer.headers["content-security-policy"]


def test_its_sound_is_the_recording_and_can_be_had_in_ranges(read_plant):
    clip = read_plant.clips()[SQUEALING, 0]
    for address in links(read_plant.get(clip).text, r'src="(/clips/[^"]+)"'):
        answer = read_plant.client.get(address)
        assert answer.status_code == 200 and answer.headers["x-content-type-options"] == "nosniff"
        part = read_plant.client.get(address, headers={"range": "bytes=5-14"})
        assert (part.status_code, part.content) == (206, answer.content[5:15])
        assert read_plant.client.head(address).headers["content-length"] == str(len(answer.content))
    heard, rate = soundfile.read(io.BytesIO(read_plant.get(clip, "/media/clip.flac").content))
    original, _ = soundfile.read(io.BytesIO(read_clip(clip["uri"])))
    assert rate == 16_000 and np.abs(heard - original).max() < 2**-15


def test_each_of_the_nearest_normal_clips_can_be_heard(read_plant):
    clip = read_plant.clips()[SQUEALING, 0]
    for number, uri in enumerate(clip["nearest_uris"], 1):
        heard, _ = soundfile.read(io.BytesIO(read_plant.get(clip, f"/media/normal-{number}.flac").content))
        original, _ = soundfile.read(io.BytesIO(read_clip(uri)))
        assert np.abs(heard - original).max() < 2**-15
    for name in ("normal-0.flac", "normal-6.flac", "normal-1.png", "normal-.flac"):
        assert read_plant.get(clip, f"/media/{name}").status_code == 404


def test_the_mark_of_a_page_is_none_of_a_sound(plant):
    clip, page = plant.clips()[SQUEALING, 0], plant.client.get("/" + night_page_path(KEY, NIGHT))
    mark = page.headers["etag"].strip('"')
    assert plant.client.app.state.clips.files.get(mark) is not None
    assert plant.get(clip, "/media/clip.flac", v=mark).headers["content-type"] == "audio/flac"
    assert plant.get(clip, "/media/clip.flac", v="../" + mark).headers["content-type"] == "audio/flac"


def test_flagged_clips_lead_to_one_another(read_plant):
    first, *_ = read_plant.client.app.state.clips.scored.flagged(KEY, NIGHT)
    page = read_plant.client.get(f"/clips/{first}").text
    assert not links(page, r'rel="prev" href="([^"]+)"')
    (after,) = links(page, r'rel="next" href="([^"]+)"')
    page = read_plant.client.get(after).text
    assert links(page, r'rel="prev" href="([^"]+)"')[0].startswith(f"/clips/{first}?")


def test_a_clip_without_a_score_says_why_and_offers_no_sound(read_plant):
    page = read_plant.get(read_plant.clips()["00", 2]).text
    assert "Without a score: not_audio" in page and "<audio" not in page and 'name="uri"' not in page


def test_a_clip_that_is_not_flagged_is_shown_too(read_plant):
    clip = next(row for row in read_plant.clips(SCORED[0]).values() if row["is_flagged"] is False)
    assert "Not flagged" in read_plant.get(clip, date=SCORED[0]).text


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
def test_nothing_else_is_there(read_plant, path):
    clip_id = read_plant.clips()[SQUEALING, 0]["clip_id"]
    assert read_plant.raw(path.replace("CLIP", clip_id))[0] == 404


def test_a_clip_of_another_key_or_night_is_not_there(read_plant):
    clip = read_plant.clips()[SQUEALING, 0]
    for asked in ({"key": "../.."}, {"date": "/etc"}, {"date": SCORED[0]}):
        assert read_plant.get(clip, **asked).status_code == 404


@pytest.mark.parametrize("start", ["0.5", "-1", "nan", "inf", "1e999", "x", "99999"])
def test_any_start_is_answered(read_plant, start):
    clip = read_plant.clips()[SQUEALING, 0]
    assert read_plant.get(clip, start=start).status_code == 200
    assert read_plant.get(clip, "/media/clip.flac", start=start).status_code == 200


def test_hostile_names_and_captions_are_text(plant):
    script, odd = EVIL
    clip_id, date = "e" * 32, f"{script}\r\nX: 1"
    given = {
        "machine_type": [script],
        "machine_id": [odd],
        "date": [date],
        "anomaly_score": [2.0],
        "is_flagged": [True],
    }
    given |= {"decision_threshold": [1.0], "nearest_uris": [[f"file:///{script}"]], "nearest_distances": [[1.0]]}
    given |= {
        "uri": [f"file:///x/{script}.wav"],
        "warning": [script],
        "scorer_version": [script],
        "decided_by": [script],
    }
    keep_scores(plant.store, rows_of(SCORES, [clip_id], **given), key=script)
    (clip,) = plant.store.scores(script).to_pylist()
    words = {"difference_caption": script, "findings": [script], "prompt": script, "warning": script, "note": script}
    keep_captions(plant.store, clip, key=script, llm=script, clip_caption=script, method=script, **words)
    label = {"answer": "fault", "words": script, "labelled_by": script}
    assert plant.post(uri=clip["uri"], date=date, **label).status_code == 400  # it is no date
    assert plant.post(uri=clip["uri"], **label).status_code == 303
    for path in (f"/clips/{clip_id}", f"/clips/{clip_id}?{urlencode({'key': script, 'date': date})}", "/reports"):
        answer = plant.client.get(path)
        assert answer.status_code == 200 and script in Outline(answer.text).text and "x" not in answer.headers
        assert len(Outline(answer.text).named("script")) <= 1 and "alert(1)</script>" not in answer.text
        assert not {name for _, found in Outline(answer.text).elements for name in found if name.startswith("on")}
    table = plant.client.get("/tables/captions.csv", params={"key": script, "date": date})
    assert table.status_code == 200 and "\n" not in table.headers["content-disposition"]
    assert "<" not in table.headers["content-disposition"]


def test_every_field_has_a_label_and_every_id_stands_once(read_plant):
    page = Outline(read_plant.get(read_plant.clips()[SQUEALING, 0]).text)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    fields = [one for one in page.named("input") if one["type"] not in ("hidden", "radio")]
    assert fields and {one["id"] for one in fields} <= {one["for"] for one in page.named("label") if "for" in one}
    targets = [one["href"][1:] for one in page.named("a") if one["href"].startswith("#")]
    assert set(targets) <= set(ids)
