import pytest

from asd_core.audio.places import place, split_place


@pytest.mark.parametrize("start", [None, 0.0, 50.0, 3599.98, 1 / 3, 1e6])
def test_a_place_tells_its_recording_and_the_start_of_its_segment(start):
    name, found = split_place(place("file:///a%20b%23t=3.wav", start))
    assert name == "file:///a%20b%23t=3.wav"
    assert found == (None if start is None else pytest.approx(start))


def test_a_whole_recording_is_its_own_place():
    assert place("s3://bucket/a.wav", None) == "s3://bucket/a.wav"
    assert place("s3://bucket/a.wav", 50) == "s3://bucket/a.wav#t=50"
