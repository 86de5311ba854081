"""Decoding: physics first, then every verdict on real bytes."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from asd_core.audio.decoding import decode, fit_length, read_clip, windows
from asd_core.errors import ClipError, UsageError
from asd_core.store.local_files import LocalFiles
from tests.bad_input.recordings import flac_bomb

RATE = 16000


def encode(samples: np.ndarray, rate: int = RATE, form: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=form, subtype=subtype)
    return file.getvalue()


def tone(hertz: float, rate: int = RATE, seconds: float = 1.0, amplitude: float = 0.5) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def noise(count: int = RATE, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(count)).astype(np.float32)


def peak(samples: np.ndarray, rate: int) -> tuple[float, float]:
    """Frequency and amplitude of the strongest tone of the middle, where the filter's edges are not heard."""
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    window = np.hanning(len(middle))
    spectrum = np.abs(np.fft.rfft(middle * window)) * 2 / window.sum()
    return float(spectrum.argmax() * rate / len(middle)), float(spectrum.max())


def reason(data: bytes, **options: object) -> str:
    with pytest.raises(ClipError) as caught:
        decode(data, **{"sample_rate": RATE, **options})  # type: ignore[arg-type]
    assert "\n" not in caught.value.message and "0x7" not in caught.value.message
    return caught.value.reason


@pytest.mark.parametrize("source", [8000, 22050, 44100, 48000, 96000, 768000])
def test_a_tone_below_both_nyquists_keeps_its_frequency_and_amplitude(source: int) -> None:
    decoded = decode(encode(tone(1000, source, 2.0), source, subtype="FLOAT"), sample_rate=RATE)
    hertz, amplitude = peak(decoded.samples, RATE)
    assert hertz == pytest.approx(1000, abs=1.0)
    assert amplitude == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("hertz", [9000, 12000, 20000])
def test_a_tone_above_the_new_nyquist_vanishes(hertz: float) -> None:
    decoded = decode(encode(tone(hertz, 44100), 44100, subtype="FLOAT"), sample_rate=RATE)
    assert np.abs(decoded.samples[1000:-1000]).max() < 1e-4


@given(source=st.integers(1000, 200000), target=st.integers(1000, 200000), count=st.integers(1000, 5000))
@settings(max_examples=60, deadline=None)
def test_the_length_in_seconds_survives_any_pair_of_rates(source: int, target: int, count: int) -> None:
    decoded = decode(encode(noise(count), source), sample_rate=target)
    assert abs(len(decoded.samples) - count * target / source) <= 1
    assert decoded.seconds == count / source


@pytest.mark.parametrize(("source", "target"), [(1, 16000), (16000, 1), (768000, 16000), (16000, 768000)])
def test_extreme_rates_decode(source: int, target: int) -> None:
    decoded = decode(encode(noise(max(3 * source, 100)), source), sample_rate=target, seconds=2.0)
    assert len(decoded.samples) == 2 * target


def test_the_same_rate_returns_the_samples_as_they_are() -> None:
    samples = noise()
    np.testing.assert_array_equal(decode(encode(samples, subtype="FLOAT"), sample_rate=RATE).samples, samples)


def test_integer_full_scale_lies_in_minus_one_to_one() -> None:
    samples = decode(encode(np.array([-32768, 0, 32767], np.int16)), sample_rate=RATE).samples
    np.testing.assert_array_equal(samples, np.array([-1.0, 0.0, 32767 / 32768], np.float32))
    assert samples.dtype == np.float32


def test_flac_equals_wav_to_the_bit() -> None:
    samples = (noise() * 32767).astype(np.int16)
    wav = decode(encode(samples), sample_rate=RATE)
    flac = decode(encode(samples, form="FLAC"), sample_rate=RATE)
    np.testing.assert_array_equal(flac.samples, wav.samples)


@pytest.mark.parametrize("form", ["OGG", "MP3"])
def test_lossy_formats_decode_near_the_original(form: str) -> None:
    decoded = decode(encode(tone(440), form=form), sample_rate=RATE)
    hertz, amplitude = peak(decoded.samples, RATE)  # an MP3 encoder delays, so samples cannot be compared
    assert hertz == pytest.approx(440, abs=2.0) and amplitude == pytest.approx(0.5, rel=0.05)
    assert decoded.warning is None and decoded.seconds == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
def test_decoding_in_blocks_equals_decoding_at_once(form: str) -> None:
    data = encode(noise(3 * RATE), form=form)
    expected, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    np.testing.assert_allclose(decode(data, sample_rate=RATE).samples, expected, atol=1e-6)


def test_channels_are_mixed_by_their_mean() -> None:
    left, right = noise(seed=1), noise(seed=2)
    mixed = decode(encode(np.stack([left, right], 1), subtype="FLOAT"), sample_rate=RATE)
    np.testing.assert_allclose(mixed.samples, (left + right) / 2, atol=1e-7)


def test_one_channel_can_be_taken_alone_and_one_too_many_is_refused() -> None:
    stereo = encode(np.stack([noise(seed=1), noise(seed=2)], 1), subtype="FLOAT")
    np.testing.assert_array_equal(decode(stereo, sample_rate=RATE, channel=1).samples, noise(seed=2))
    assert reason(stereo, channel=2) == "no_such_channel"
    assert reason(stereo, channel=-1) == "no_such_channel"


@pytest.mark.parametrize("source", [16000, 44100])
def test_the_beginning_equals_the_beginning_of_the_whole(source: int) -> None:
    data = encode(noise(5 * source), source, subtype="FLOAT")
    beginning = decode(data, sample_rate=RATE, seconds=2.0)
    whole = decode(data, sample_rate=RATE)
    assert len(beginning.samples) == 2 * RATE and beginning.seconds == whole.seconds == 5.0
    np.testing.assert_allclose(beginning.samples, whole.samples[: 2 * RATE], atol=2e-6)


def test_a_shorter_recording_than_asked_for_stays_whole() -> None:
    assert len(decode(encode(noise(8000)), sample_rate=RATE, seconds=10.0).samples) == 8000


def test_resampling_is_soxr_hq_of_the_whole() -> None:
    samples = noise(44100)
    expected = soxr.resample(samples, 44100, RATE, quality="HQ")
    decoded = decode(encode(samples, 44100, subtype="FLOAT"), sample_rate=RATE)
    np.testing.assert_array_equal(decoded.samples, expected)


def test_a_recording_beyond_the_limit_is_refused_unless_cut() -> None:
    data = encode(noise(10 * RATE))
    assert reason(data, max_bytes=9 * RATE * 4) == "too_long"
    assert len(decode(data, sample_rate=RATE, seconds=1.0, max_bytes=9 * RATE * 4).samples) == RATE
    assert reason(data, sample_rate=10 * RATE, max_bytes=20 * RATE * 4) == "too_long"


def test_a_stream_that_does_not_know_its_length_is_counted() -> None:
    data = bytearray(encode(noise(3 * RATE), form="FLAC"))
    data[21] &= 0xF0  # STREAMINFO's total samples
    data[22:26] = bytes(4)
    decoded = decode(bytes(data), sample_rate=RATE, seconds=1.0)
    assert decoded.seconds == 3.0 and decoded.warning is None
    assert reason(bytes(data), max_bytes=4 * RATE) == "too_long"


JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("data", "expected", "says"),
    [
        (b"", "empty", "no bytes"),
        (JPEG, "not_audio", "JPEG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not_audio", "PNG"),
        (b"<html>404</html>", "not_audio", "HTML"),
        (bytes(10000), "not_audio", "zeros"),
        (b"hello world" * 100, "not_audio", "begins with"),
        (encode(noise())[:20], "not_audio", "WAV header"),
        (encode(noise(), form="FLAC")[:20], "not_audio", "FLAC header"),
        (encode(noise())[:44], "no_samples", "no samples"),
        (encode(noise(), form="FLAC")[:200], "no_samples", "no samples"),
        (encode(np.array([0.1, np.nan, 0.2], np.float32), subtype="FLOAT"), "not_finite", "1 of 3"),
        (encode(np.array([0.1, np.inf, 0.2], np.float32), subtype="FLOAT"), "not_finite", "1 of 3"),
        (encode(np.array([[np.inf, -np.inf], [1, 1]], np.float32), subtype="FLOAT"), "not_finite", "1 of 2"),
        (encode(np.zeros(RATE)), "silent", "microphone"),
        (encode(np.full(RATE, 0.25)), "silent", "0.25"),
    ],
)
def test_what_cannot_be_used_says_why(data: bytes, expected: str, says: str) -> None:
    assert reason(data) == expected
    with pytest.raises(ClipError, match=says):
        decode(data, sample_rate=RATE)


def test_a_codec_that_is_not_known_is_not_audio() -> None:
    data = bytearray(encode(noise()))
    data[20:22] = (0x1234).to_bytes(2, "little")
    assert reason(bytes(data)) == "not_audio"


def test_only_the_part_that_is_used_is_judged() -> None:
    samples = noise(2 * RATE)
    samples[3 * RATE // 2] = np.nan
    data = encode(samples, subtype="FLOAT")
    assert len(decode(data, sample_rate=RATE, seconds=1.0).samples) == RATE
    assert reason(data) == "not_finite"
    assert reason(encode(np.concatenate([np.zeros(RATE), noise()])), seconds=1.0) == "silent"


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
def test_a_file_cut_short_is_used_with_a_warning(form: str) -> None:
    data = encode(noise(10 * RATE), form=form)
    decoded = decode(data[: len(data) // 2], sample_rate=RATE)
    assert decoded.warning is not None and decoded.warning.startswith("truncated")
    assert 3.0 < decoded.seconds < 6.0
    assert len(decoded.samples) == pytest.approx(decoded.seconds * RATE)
    assert decode(data, sample_rate=RATE).warning is None


def test_a_cut_beyond_the_part_that_is_used_is_still_seen_in_a_wav() -> None:
    data = encode(noise(10 * RATE))
    assert "5.00 s of the 10.00 s" in str(decode(data[: 44 + 10 * RATE], sample_rate=RATE, seconds=1.0).warning)


def test_a_broken_frame_is_a_warning_and_the_sound_behind_it_is_heard() -> None:
    data = bytearray(encode(noise(3 * RATE), form="FLAC"))
    data[len(data) // 2] ^= 0x55
    decoded = decode(bytes(data), sample_rate=RATE)
    assert decoded.warning == "damaged: 0.26 s within the recording cannot be decoded"
    assert len(decoded.samples) == 3 * RATE - 4096


def test_a_length_written_before_it_was_known_is_no_truncation() -> None:
    data = bytearray(encode(noise()))
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    decoded = decode(bytes(data), sample_rate=RATE)
    assert decoded.warning is None and decoded.seconds == 1.0


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_are_refused_and_never_crash(data: bytes) -> None:
    for start in (b"", b"RIFF\x24\x00\x00\x00WAVEfmt ", b"fLaC\x00\x00\x00\x22", b"OggS\x00\x02"):
        try:
            decoded = decode(start + data, sample_rate=RATE, seconds=1.0)
        except ClipError as error:
            assert error.reason in {"empty", "not_audio", "no_samples", "not_finite", "silent"}
        else:
            assert np.isfinite(decoded.samples).all()


def test_bytes_that_cannot_be_had_are_transient(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    (tmp_path / "folder.wav").mkdir()
    for path, expected in [("gone.wav", "vanished"), ("folder.wav", "unreadable")]:
        with pytest.raises(ClipError) as caught:
            read_clip(files.uri(path))
        assert caught.value.reason == expected and caught.value.transient


def test_a_clip_is_read_by_its_percent_encoded_address(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    files.write("Lüfter 7%/a b.wav", b"bytes")
    assert read_clip(files.uri("Lüfter 7%/a b.wav")) == b"bytes"


def test_crop_keeps_what_is_shorter_and_tile_repeats_it() -> None:
    samples = np.arange(5, dtype=np.float32)
    np.testing.assert_array_equal(fit_length(samples, 3, "crop"), [0, 1, 2])
    np.testing.assert_array_equal(fit_length(samples, 9, "crop"), samples)
    np.testing.assert_array_equal(fit_length(samples, 12, "tile"), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1])
    np.testing.assert_array_equal(fit_length(samples, 3, "tile"), [0, 1, 2])
    with pytest.raises(UsageError, match="did you mean 'tile'"):
        fit_length(samples, 3, "tiled")


@given(count=st.integers(1, 500), length=st.integers(1, 120))
@settings(deadline=None)
def test_windows_cover_every_sample_and_none_is_needless(count: int, length: int) -> None:
    samples = np.arange(count, dtype=np.float32)
    cut = windows(samples, length)
    assert cut.shape[1] == length and set(cut.ravel()) == set(samples)
    assert (len(cut) - 1) * length < count
    assert cut[0, 0] == 0 and (count < length or cut[-1, -1] == count - 1)


def test_a_ten_second_clip_has_two_windows_of_seven_seconds() -> None:
    cut = windows(np.arange(100, dtype=np.float32), 70)
    assert cut[:, 0].tolist() == [0, 30]


def test_real_recordings_decode_to_ten_seconds() -> None:
    folder = os.environ.get("ASD_REAL_DATA")
    if not folder:
        pytest.skip("ASD_REAL_DATA does not name the real recordings")
    path = sorted(Path(folder).glob("dcase2020*/fan/test/*.flac"))[0]
    decoded = decode(path.read_bytes(), sample_rate=RATE)
    assert decoded.seconds == 10.0 and decoded.warning is None
    assert 0.0 < np.abs(decoded.samples).max() <= 1.0


def test_a_stream_of_kilobytes_that_unpacks_to_hours_is_refused_after_a_bounded_part() -> None:
    data = flac_bomb(600, channels=1)  # 8 KB: 39 million samples
    with pytest.raises(ClipError, match="bytes unpack to more than 16777216 samples") as refused:
        decode(data, sample_rate=RATE)
    assert refused.value.reason == "too_long"
    with pytest.raises(ClipError, match="all 16781312 samples are 0: check the microphone"):
        decode(flac_bomb(600, channels=1, step=0), sample_rate=RATE)


def test_only_the_part_that_is_heard_of_a_stream_without_a_length_is_decoded_and_its_length_is_known() -> None:
    decoded = decode(flac_bomb(2000), sample_rate=RATE, seconds=10.0)
    assert (len(decoded.samples), decoded.seconds, decoded.warning) == (10 * RATE, 2000 * 65_535 / RATE, None)


def test_a_recording_of_kilobytes_whose_rate_was_damaged_is_no_gigabyte_at_the_encoder_s_rate() -> None:
    data = encode(tone(440.0), rate=1)  # a second of sound that says it is four hours
    with pytest.raises(ClipError, match="16000 s are too long to be decoded whole: the limit is 1048 s"):
        decode(data, sample_rate=RATE)
    assert len(decode(data, sample_rate=RATE, seconds=10.0).samples) == 10 * RATE
