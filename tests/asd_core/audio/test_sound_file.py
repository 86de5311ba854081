from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest

from asd_core.audio.sound_file import SoundFile
from asd_core.errors import ClipError
from tests.sound_files import RATE, SAMPLES, encode


def test_blocks_follow_one_another_up_to_the_end() -> None:
    with SoundFile(encode("WAV")) as file:
        blocks = [file.next_block(12_000) for _ in range(3)]
        assert (file.samplerate, file.frames, file.is_length_known, file.promised) == (RATE, 20_000, True, 1.0)
    assert [block.shape for block in blocks] == [(12_000, 1), (8_000, 1), (0, 1)]
    np.testing.assert_array_equal(np.concatenate(blocks)[:, 0] * 32768, SAMPLES)


def test_plain_samples_are_decoded_in_larger_blocks_than_those_of_a_stream_that_may_be_broken() -> None:
    sizes = {}
    for kind in ("WAV", "AIFF", "FLAC", "OGG"):
        with SoundFile(encode(kind)) as file:
            sizes[kind] = file.block_frames
    assert sizes["WAV"] == sizes["AIFF"] == 64 * sizes["FLAC"] and sizes["FLAC"] == sizes["OGG"]


def test_a_block_of_many_channels_is_no_larger() -> None:
    with SoundFile(encode("WAV", np.zeros((100, 512), np.int16))) as file:
        assert file.block_frames * file.channels == 1 << 21  # and not half a gigabyte


def test_the_length_of_a_stream_is_that_of_its_last_frame_where_its_header_tells_none() -> None:
    data = encode("FLAC")
    told = int.from_bytes(data[18:26], "big") >> 36 << 36
    with SoundFile(data[:18] + told.to_bytes(8, "big") + data[26:]) as file:
        assert (file.is_length_known, file.told_frames) == (False, 20_000)
    with SoundFile(encode("OGG")) as file:
        assert file.told_frames == file.frames


def test_the_frames_before_a_broken_one_are_given() -> None:
    data = encode("FLAC")
    with SoundFile(data[: len(data) - 3]) as file:
        block = file.next_block(20_000)
        assert len(block) == 16_384 and len(file.next_block(20_000)) == 0
    np.testing.assert_array_equal(block[:, 0] * 32768, SAMPLES[:16_384])


def flip(data: bytes, *places: int) -> bytes:
    return b"".join(bytes([byte ^ 0x55]) if at in places else bytes([byte]) for at, byte in enumerate(data))


@pytest.mark.parametrize("shares", [(0.5,), (0.25, 0.75), (0.5, 0.55), (0.3, 0.31)])
def test_sound_on_both_sides_of_broken_frames_is_given(shares: tuple[float, ...]) -> None:
    samples = np.tile(SAMPLES, 3)
    data = encode("FLAC", samples)
    with SoundFile(flip(data, *(int(len(data) * share) for share in shares))) as file:
        blocks = [file.next_block(1000) for _ in range(80)]
        given, lost = np.concatenate(blocks)[:, 0] * 32768, file.lost
    assert lost % 4096 == 0 and 0 < lost <= 4096 * len(shares) and len(given) + lost == len(samples)
    frames = {samples[at : at + 4096].tobytes() for at in range(0, len(samples), 4096)}
    assert all(given[at : at + 4096].astype(np.int16).tobytes() in frames for at in range(0, len(given), 4096))


def test_a_file_cut_short_promises_more_than_it_has() -> None:
    with SoundFile(encode("WAV")[:20_044]) as file:
        assert (file.frames, file.promised) == (10_000, 2.0)


def test_an_ogg_stream_that_breaks_off_lacks_its_end_mark() -> None:
    data = encode("OGG", np.tile(SAMPLES, 3))
    with SoundFile(data) as whole, SoundFile(data[: len(data) // 2]) as half, SoundFile(encode("WAV")) as other:
        assert [file.lacks_end_mark for file in (whole, half, other)] == [False, True, False]


def test_a_memory_map_is_decoded_like_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(encode("WAV"))
    with (
        open(tmp_path / "a.wav", "rb") as raw,
        mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as data,
        SoundFile(data) as file,
    ):
        np.testing.assert_array_equal(file.next_block(20_000)[:, 0] * 32768, SAMPLES)


def test_other_bytes_are_no_audio_and_the_message_has_no_address() -> None:
    with pytest.raises(ClipError, match="JPEG") as caught:
        SoundFile(b"\xff\xd8\xff rest")
    assert caught.value.reason == "not_audio" and "0x" not in caught.value.message
