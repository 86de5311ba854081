from __future__ import annotations

from asd_core.audio.file_headers import looks_like


def test_known_kinds_of_files_are_named_and_others_quoted() -> None:
    assert "JPEG" in looks_like(b"\xff\xd8\xff\xe1rest")
    assert "MP4" in looks_like(b"\x00\x00\x00\x20ftypM4A ")
    assert "AMR file: convert it to FLAC or WAV" in looks_like(b"#!AMR\n") and "WavPack" in looks_like(b"wvpk")
    assert "resource fork" in looks_like(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X")
    assert "LFS" in looks_like(b"version https://git-lfs.github.com/spec/v1\n")
    assert "zeros" in looks_like(bytes(100))
    assert looks_like(b"\nabc\xff") == r"begins with b'\nabc\xff'"
