"""Sounds are made once, by few at a time, and what cannot be heard says why."""

import os
import threading

import numpy as np
import pytest
import soundfile

from asd_core.pages.night.media import ClipMedia, Recording
from asd_core.serving.clip_sounds import ClipSounds, InWorkers, SoundRequest, TooBusyError, make_media
from asd_core.serving.kept_files import KeptFiles


def media(request, problem=""):
    sound = Recording(request.place, b"flac " + request.place.encode(), b"png " + request.place.encode())
    return ClipMedia(None if problem else sound, None, "louder", problem)


class Counting:
    """Makes media of nothing, and counts."""

    def __init__(self, problem=""):
        self.made, self._problem, self.waits = [], problem, threading.Event()
        self.waits.set()

    def __call__(self, request):
        self.waits.wait(10)
        self.made.append(request.place)
        return media(request, self._problem)


def test_a_clip_is_decoded_once_and_its_files_are_kept():
    make = Counting()
    files = KeptFiles()
    sounds = ClipSounds(files, make)
    for _ in range(3):
        heard = sounds.hear(SoundRequest("a"), 10)
        assert set(heard.files) == {"clip.flac", "clip.png"} and heard.difference == "louder"
    assert make.made == ["a"] and heard.files["clip.flac"].path.read_bytes() == b"flac a"


def test_files_that_were_dropped_are_made_again():
    make, files = Counting(), KeptFiles(most_bytes=14)
    sounds = ClipSounds(files, make)
    for place in ("a", "b", "a"):
        assert files.has(sounds.hear(SoundRequest(place), 10).files["clip.png"])
    assert make.made == ["a", "b", "a"]


def test_two_who_ask_at_once_wait_for_one_decoder_and_too_many_are_sent_away():
    make = Counting()
    make.waits.clear()
    sounds = ClipSounds(KeptFiles(), make)
    assert sounds.hear(SoundRequest("a"), 0.01) is None and sounds.hear(SoundRequest("a"), 0.01) is None
    with pytest.raises(TooBusyError, match="try again in a minute"):
        for number in range(100):
            sounds.hear(SoundRequest(f"{number}"), 0)
    make.waits.set()
    assert sounds.hear(SoundRequest("a"), 10).files
    assert make.made.count("a") == 1


def test_a_recording_that_is_gone_says_so_and_another_may_stand_in_for_it(tmp_path):
    request = SoundRequest((tmp_path / "gone.wav").as_uri())
    heard = ClipSounds(KeptFiles(), make_media).hear(request, 10)
    assert not heard.files and heard.problem.startswith("The recording cannot be played: listed, but no longer there")
    heard = ClipSounds(KeptFiles(), make_media).hear(request, 10, lambda made: media(request))
    assert "clip.flac" in heard.files


def test_a_fault_of_the_maker_is_raised_and_not_kept():
    def fails(request):
        raise ValueError("no")

    sounds = ClipSounds(KeptFiles(), fails)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            sounds.hear(SoundRequest("a"), 10)


def end_process(request):
    """A decoder that a recording kills."""
    if request.place == "deadly":
        os._exit(11)
    if request.place == "odd":
        raise ValueError("an odd\nfault")
    return media(request)


@pytest.mark.slow
def test_a_recording_that_kills_its_decoder_is_told_and_the_next_one_is_heard():
    sounds = ClipSounds(KeptFiles(), InWorkers(end_process))
    heard = sounds.hear(SoundRequest("deadly"), 60)
    assert not heard.files and "ended the process that did it" in heard.problem
    assert sounds.hear(SoundRequest("odd"), 60).problem.endswith("ValueError: an odd fault")
    assert sounds.hear(SoundRequest("harmless"), 60).files
    sounds.close()


@pytest.mark.slow
def test_a_worker_process_decodes_what_this_one_would(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000)
    soundfile.write(tmp_path / "a.wav", noise, 16_000)
    soundfile.write(tmp_path / "b.wav", noise[::-1], 16_000)
    request = SoundRequest((tmp_path / "a.wav").as_uri(), ((tmp_path / "b.wav").as_uri(),))
    found = [ClipSounds(KeptFiles(), make).hear(request, 60) for make in (None, make_media)]
    assert [{name: file.digest for name, file in heard.files.items()} for heard in found[:1]] == [
        {name: file.digest for name, file in found[1].files.items()}
    ]
    assert found[0].difference == found[1].difference
