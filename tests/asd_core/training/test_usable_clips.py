from asd_core.encoders.build import encoder_config
from asd_core.training.usable_clips import CLIPS_AT_ONCE, decoding_tasks, unusable_clips
from tests.fleet import clip_path, listed, write_fleet


def test_clips_that_cannot_be_decoded_are_found_with_their_reasons(tmp_path):
    write_fleet(tmp_path, machines=["00"], dates=["2026-11-01"])
    clip_path(tmp_path, "00", "2026-11-01", 1).write_bytes(b"no audio")
    (task,) = decoding_tasks(listed(tmp_path), encoder_config({}), 16_000)
    (found,) = unusable_clips(task)
    assert (found.reason, found.transient) == ("not_audio", False) and found.uri.endswith("01.wav")


def test_many_clips_are_several_tasks(tmp_path):
    clips = listed(write_fleet(tmp_path, machines=["00"], dates=["2026-11-01"], clips=CLIPS_AT_ONCE + 1))
    assert [len(one.clips) for one in decoding_tasks(clips, encoder_config({}), 16_000)] == [CLIPS_AT_ONCE, 1]
