from asd_core.audio.decoding import decode
from tests.fuzz.containers import recordings


def test_every_container_that_can_be_decoded_is_there_and_sound():
    files = recordings()
    assert {name.split("/")[0] for name in files} >= {"WAV", "FLAC", "OGG", "MP3", "AIFF", "CAF", "W64", "RF64", "VOC"}
    for name in [name for name in files if name.endswith("/1") or "tagged" in name]:
        assert decode(files[name], sample_rate=16_000).seconds > 0.1, name
