import io

import numpy as np
import pytest
import soundfile

from asd_core.digest import name_hash
from asd_core.errors import ClipError
from asd_core.pages.night import clip_media
from asd_core.pages.night.media import NO_AUDIO, write_media
from asd_core.pages.night.summary import summarise
from asd_core.store.local_files import LocalFiles

CLIP, NORMALS = "file:///plant/a.flac", ("file:///plant/normal_0.flac", "file:///plant/normal_1.flac")


def test_the_audio_is_the_recording_in_16_bits(make):
    waveform, rate = make.read_audio(CLIP)
    heard, heard_rate = soundfile.read(io.BytesIO(clip_media(CLIP, NORMALS, make.read_audio).clip.audio))
    assert heard_rate == rate
    np.testing.assert_allclose(heard, waveform, atol=2**-15)


def test_samples_beyond_full_scale_are_cut_and_not_wrapped():
    media = clip_media(CLIP, (), lambda uri: (np.array([0.0, 2.0, -2.0] * 100, np.float32), 16000))
    heard, _ = soundfile.read(io.BytesIO(media.clip.audio))
    assert (heard.max(), heard.min()) == (pytest.approx(1, abs=1e-4), pytest.approx(-1, abs=1e-4))


def test_the_difference_names_what_was_added(make):
    media = clip_media(CLIP, NORMALS, make.read_audio)
    assert "a new tone at 1.24 kHz" in media.difference
    assert (media.nearest.place, media.problem) == (NORMALS[0], "")


@pytest.mark.parametrize("error", [FileNotFoundError(2, "No such file"), ClipError("not_audio", "no audio\nin it")])
def test_a_clip_that_cannot_be_read_is_said_in_one_line(error):
    def read(uri):
        raise error

    media = clip_media(CLIP, NORMALS, read)
    assert (media.clip, media.nearest, media.difference) == (None, None, "")
    assert media.problem.startswith("The recording cannot be played: ")
    assert "\n" not in media.problem


def test_the_next_normal_clip_stands_in_for_one_that_is_gone(make):
    def read(uri):
        if uri == NORMALS[0]:
            raise FileNotFoundError(2, "No such file", uri)
        return make.read_audio(uri)

    media = clip_media(CLIP, NORMALS, read)
    assert (media.nearest.place, "cannot be read" in media.problem) == (NORMALS[1], True)


def test_without_normal_clips_the_clip_is_played_and_compared_with_nothing(make):
    media = clip_media(CLIP, (), make.read_audio)
    assert (media.clip is not None, media.nearest, media.difference) == (True, None, "")
    assert "nothing to compare with" in media.problem


def test_the_same_recordings_give_the_same_media(make):
    assert clip_media(CLIP, NORMALS, make.read_audio) == clip_media(CLIP, NORMALS, make.read_audio)


def clips_of(make, *names):
    return summarise(make.night([make.scored(name, 2.0) for name in names], [make.record()])).flagged


def test_the_addresses_are_relative_to_the_page_and_lead_to_files(make, tmp_path):
    media = write_media(clips_of(make, "a"), LocalFiles(tmp_path), "r", make.read_audio, map)
    (files,) = media.values()
    assert files.nearest_uri == "file:///plant/normal_0.flac"
    for address in (files.audio, files.image, files.nearest_audio, files.nearest_image):
        assert (tmp_path / "r" / address).stat().st_size > 1000


def test_a_normal_clip_that_several_share_is_written_once_but_drawn_for_each(make, tmp_path):
    media = write_media(clips_of(make, "a", "b"), LocalFiles(tmp_path), "", make.read_audio, map)
    one, two = media.values()
    assert one.nearest_audio == two.nearest_audio == f"media/{name_hash('file:///plant/normal_0.flac')}.flac"
    assert one.nearest_image != two.nearest_image
    assert len(list((tmp_path / "media").iterdir())) == 7


class Reads:
    """Counts what is read."""

    def __init__(self, make):
        self.make, self.uris = make, []

    def __call__(self, uri):
        self.uris.append(uri)
        return self.make.read_audio(uri)


def test_normal_clips_that_several_clips_share_are_read_once(make, tmp_path):
    reads = Reads(make)
    write_media(clips_of(make, "a", "b", "c"), LocalFiles(tmp_path), "", reads, map)
    assert sorted(reads.uris) == sorted(set(reads.uris))


def test_of_a_clip_whose_caption_is_measured_only_what_is_shown_is_read(make, tmp_path):
    reads, clips = Reads(make), clips_of(make, "a")
    (shown,) = write_media(clips, LocalFiles(tmp_path / "one"), "", make.read_audio, map).values()
    (files,) = write_media(clips, LocalFiles(tmp_path / "two"), "", reads, map, {clips[0].clip_id}).values()
    assert reads.uris == [CLIP, NORMALS[0]]
    assert (files.difference, files.audio, files.image, files.nearest_image) == ("", *shown_files(shown))
    for address in shown_files(shown):
        assert (tmp_path / "one" / address).read_bytes() == (tmp_path / "two" / address).read_bytes()


def shown_files(files):
    return files.audio, files.image, files.nearest_image


def test_the_media_of_many_clips_are_in_the_order_of_the_clips(make, tmp_path):
    clips = clips_of(make, *"fabcdeghijkl")
    assert list(write_media(clips, LocalFiles(tmp_path), "", make.read_audio, map)) == [clip.uri for clip in clips]


def test_without_audio_nothing_is_written_and_the_reason_is_said(make, tmp_path):
    media = write_media(clips_of(make, "a"), LocalFiles(tmp_path), "r", None, map)
    assert media == {"file:///plant/a.flac": NO_AUDIO} and not list(tmp_path.iterdir())


def test_a_segment_is_played_from_the_moment_at_which_it_begins_to_differ(make, tmp_path):
    def read(place):
        samples = np.random.default_rng(len(place)).normal(0, 0.1, 160_000).astype(np.float32)
        if place.startswith(CLIP):
            samples[64_000:112_000] += 0.3 * np.sin(np.arange(48_000) / 3).astype(np.float32)
        return samples, 16_000

    starts = {"segment_start": 50.0, "segments": 6, "seconds": 60.0, "nearest_starts": [0.0, 20.0]}
    row = make.scored("a", 2.0, uri=CLIP, **starts)
    clips = summarise(make.night([row], [make.record()]), ()).flagged
    (files,) = write_media(clips, LocalFiles(tmp_path), "", read, map).values()
    address, moment = files.audio.split("#t=")
    assert abs(float(moment) - 4) < 1
    assert address == f"media/{name_hash(CLIP + '#t=50')}.flac" and (tmp_path / address).exists()
    assert (files.nearest_uri, files.nearest_start) == ("file:///plant/normal_0.flac", 0.0)
