from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from asd_core.audio.containers.ogg import mend_ogg
from asd_core.audio.decoding import decode
from tests.sound_files import RATE, SAMPLES, encode

FILES = {"VORBIS": encode("OGG"), "OPUS": encode("OGG", subtype="OPUS")}


@given(codec=st.sampled_from(sorted(FILES)), share=st.floats(0.85, 0.999))
@settings(max_examples=20, deadline=None)
def test_a_page_cut_short_gives_the_packets_that_are_whole(codec: str, share: float) -> None:
    data = FILES[codec]
    whole, cut = decode(data, sample_rate=RATE), decode(data[: int(len(data) * share)], sample_rate=RATE)
    assert len(cut.samples) > 0.6 * len(SAMPLES)
    np.testing.assert_array_equal(cut.samples, whole.samples[: len(cut.samples)])
    assert cut.warning is not None and cut.warning.startswith("truncated: ")


@pytest.mark.parametrize("codec", FILES)
def test_half_of_a_recording_that_is_one_page_is_heard(codec: str) -> None:
    half = FILES[codec][: len(FILES[codec]) // 2]
    with pytest.raises((soundfile.SoundFileError, AssertionError)):
        assert len(soundfile.read(io.BytesIO(half))[0])  # libsndfile drops the page
    assert decode(half, sample_rate=RATE).seconds > 0.2


def test_a_whole_file_needs_nothing() -> None:
    for data in (*FILES.values(), b"OggS", FILES["OPUS"][:40]):
        assert mend_ogg(data, 0, len(data)) is None
