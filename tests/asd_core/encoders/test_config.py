import pytest

from asd_core.encoders.config import SHARED_KEYS, EncoderConfig
from asd_core.errors import UsageError


def test_the_shared_keys_are_the_fields_but_the_options_of_a_kind():
    assert {"kind", "clip_seconds", "clip_rule", "name"} < SHARED_KEYS and "options" not in SHARED_KEYS


def test_all_of_a_recording_is_heard_in_windows_and_where_embeddings_were_made_elsewhere():
    assert EncoderConfig(clip_seconds=7.0).heard_seconds == 7.0
    assert EncoderConfig(clip_rule="windows").heard_seconds is None
    assert EncoderConfig(kind="imported").heard_seconds is None


@pytest.mark.parametrize("hop", [0.0, 10.5, 0.01])
def test_segments_leave_no_sound_out_and_hear_none_too_often(hop):
    with pytest.raises(UsageError, match="encoder.hop_seconds"):
        EncoderConfig(clip_rule="segments", clip_seconds=10.0, hop_seconds=hop)


def test_a_hop_is_of_segments_alone():
    with pytest.raises(UsageError, match='needs clip_rule = "segments"'):
        EncoderConfig(clip_rule="crop", hop_seconds=5.0)
