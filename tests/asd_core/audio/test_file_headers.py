from __future__ import annotations

import struct

import pytest

from asd_core.audio.file_headers import looks_like, riff_promise


def wav(promised: int, there: int, before: bytes = b"") -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + before + b"data" + struct.pack("<I", promised)
    return b"RIFF" + struct.pack("<I", 0) + body + bytes(there)


def test_a_wav_with_half_its_samples_promises_twice_what_is_there() -> None:
    assert riff_promise(wav(promised=2000, there=1000)) == 2.0


def test_a_whole_wav_promises_what_is_there_also_behind_chunks_of_odd_size() -> None:
    assert riff_promise(wav(1000, 1000)) == 1.0
    assert riff_promise(wav(2000, 1000, before=b"LIST" + struct.pack("<I", 5) + bytes(6))) == 2.0


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_size_written_before_it_was_known_promises_nothing(size: int) -> None:
    assert riff_promise(wav(size, 1000)) == 1.0


def test_other_files_and_headers_without_samples_promise_nothing() -> None:
    assert [riff_promise(data) for data in (b"", b"fLaC", b"RIFF", wav(1000, 0), wav(1000, 0)[:30])] == [1.0] * 5


def test_known_kinds_of_files_are_named_and_others_quoted() -> None:
    assert "JPEG" in looks_like(b"\xff\xd8\xff\xe1rest")
    assert "MP4" in looks_like(b"\x00\x00\x00\x20ftypM4A ")
    assert "LFS" in looks_like(b"version https://git-lfs.github.com/spec/v1\n")
    assert "zeros" in looks_like(bytes(100))
    assert looks_like(b"\nabc\xff") == r"begins with b'\nabc\xff'"
