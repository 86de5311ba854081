from __future__ import annotations

from asd_core.audio.containers.chunks import CAF, RIFF, RIFX, W64, padded, sound_stop, walk
from tests.sound_files import FORMAT, ID3, LIST, PCM, SOUND, chunk, encode, riff


def names(data: bytes) -> list[bytes]:
    return [each.name for each in walk(data, RIFF, 0, 12, len(data), (b"fmt ", b"data"))]


def test_chunks_follow_one_another_with_and_without_the_padding_byte() -> None:
    for pad in (True, False):
        assert names(riff(FORMAT, chunk(b"bext", b"x" * 5, pad=pad), SOUND)) == [b"fmt ", b"bext", b"data"]


def test_a_chunk_that_leads_nowhere_is_passed_over_by_the_names_that_are_sought() -> None:
    assert names(riff(chunk(b"JUNK", bytes(28), size=1 << 31), FORMAT, SOUND)) == [b"JUNK", b"fmt ", b"data"]
    assert names(riff(chunk(b"JUNK", bytes(28), size=3), FORMAT)) == [b"JUNK", b"fmt "]
    assert names(riff(chunk(b"JUNK", bytes(28), size=1 << 31))) == [b"JUNK"]


def test_sizes_are_read_in_the_containers_own_way() -> None:
    w64, caf = encode("W64"), encode("CAF")
    at = w64.index(b"data")
    assert W64.size(w64, at) == len(PCM) and W64.head == 24
    assert CAF.size(caf, caf.index(b"data")) == len(PCM) + 4
    assert RIFX.size(b"COMM\0\0\0\x12", 0) == 18
    assert [RIFF.is_unfilled(size) for size in (0, 1, 0x7EFF0000, 0xFFFFFFFF)] == [True, False, True, True]


def test_the_next_chunk_begins_at_an_even_offset_of_the_container() -> None:
    first = next(walk(riff(chunk(b"bext", b"x" * 5)), RIFF, 0, 12, 26, ()))
    assert padded(RIFF, 0, first) == 26 and padded(CAF, 0, first) == 25


def stop(behind: bytes, declared: int, form_end: int | None = None) -> tuple[int, float]:
    data = PCM + behind
    return sound_stop(data, RIFF, 0, declared, len(data), form_end)


def test_the_sound_ends_where_the_header_says_if_chunks_tags_or_nothing_follow() -> None:
    for behind in (b"", LIST, ID3, bytes(9), b"RIFF\0\0\0\0WAVE", b"TAG" + bytes(125), b"any other"):
        assert stop(behind, len(PCM)) == (len(PCM), 1.0)


def test_the_sound_goes_on_behind_a_size_that_is_too_small() -> None:
    assert stop(LIST, 1000) == (len(PCM), 1.0)
    assert stop(b"", len(PCM) - 1000) == (len(PCM) - 1000, 1.0)  # other bytes behind sizes that agree
    assert stop(b"", len(PCM) - 1000, form_end=len(PCM)) == (len(PCM), 1.0)


def test_a_size_that_is_too_large_promises_more_unless_the_file_ends_as_it_should() -> None:
    assert stop(b"", 2 * len(PCM)) == (len(PCM), 2.0)
    assert stop(b"", 2 * len(PCM), form_end=len(PCM)) == (len(PCM), 1.0)
    assert stop(LIST, 2 * len(PCM)) == (len(PCM), 1.0)
    assert stop(b"", 0xFFFFFFFF) == stop(b"", 0) == (len(PCM), 1.0)
