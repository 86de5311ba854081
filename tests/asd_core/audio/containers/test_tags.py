from __future__ import annotations

import struct

import pytest

from asd_core.audio.containers.tags import id3_size, is_container, sound_end, sound_start
from tests.sound_files import APE_BEHIND, ID3, ID3V1, encode

WAV = encode("WAV")


def test_tags_of_any_number_and_their_padding_are_passed_over() -> None:
    assert [sound_start(tags + WAV) for tags in (b"", ID3, ID3 * 3)] == [0, len(ID3), 3 * len(ID3)]
    assert sound_start(ID3 + bytes(700) + WAV) == len(ID3) + 700 and sound_start(bytes(9) + ID3 + WAV) == 9 + len(ID3)


def test_a_tag_whose_size_leads_nowhere_is_passed_over_by_the_containers_first_bytes() -> None:
    assert sound_start(ID3[:6] + b"\x00\x00\x0f\x00" + ID3[10:] + WAV) == len(ID3)


def test_an_mp3_keeps_its_tag_and_loses_padding_that_no_decoder_expects() -> None:
    mp3 = encode("MP3")
    assert sound_start(ID3 + mp3) == 0 and sound_start(ID3 + bytes(300) + mp3) == len(ID3) + 300


@pytest.mark.parametrize("data", [b"", b"ID3", ID3, ID3 + b"text", bytes(100), b"text" + WAV, b"APETAGEX"])
def test_bytes_that_lead_to_no_container_are_left_alone(data: bytes) -> None:
    assert sound_start(data) == 0 and 0 <= sound_end(data, 0) <= len(data)


@pytest.mark.parametrize(
    "tags",
    [
        ID3V1,
        APE_BEHIND,
        APE_BEHIND + ID3V1,
        b"LYRICSBEGIN" + b"INF00002xx" + b"000021LYRICS200" + ID3V1,
        b"ID3\x04\x00\x10\x00\x00\x00\x05abcde3DI\x04\x00\x10\x00\x00\x00\x05",
        b"APETAGEX" + bytes(24) + b"APETAGEX" + struct.pack("<IIII", 2000, 32, 0, 0x80000000) + bytes(8),
    ],
)
def test_tags_at_the_end_are_cut_off(tags: bytes) -> None:
    assert sound_end(WAV + tags, 0) == len(WAV)


def test_a_tag_that_tells_of_a_head_it_has_not_costs_no_sound() -> None:
    foot = b"APETAGEX" + struct.pack("<IIII", 2000, 32, 0, 0x80000000) + bytes(8)
    assert sound_end(WAV + foot, 0) == len(WAV)
    assert sound_end(WAV + b"000100LYRICS200", 0) == len(WAV) + 15
    assert sound_end(WAV + b"3DI\x04\x00\x10\x00\x00\x00\x05", 0) == len(WAV) + 10


def test_a_tag_larger_than_the_file_is_none() -> None:
    assert sound_end(b"999999LYRICS200", 0) == 15


def test_an_id3_tag_tells_its_size_and_a_container_its_kind() -> None:
    assert (id3_size(ID3, 0), id3_size(ID3, 1)) == (len(ID3), 0)
    forms = ("WAV", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC", "OGG")
    assert all(is_container(b"x" + encode(form), 1) for form in forms) and not is_container(b"RIFFxxxxAVI ", 0)
