"""Facts from the first bytes of a file, without decoding it."""

from __future__ import annotations

from asd_core.audio.containers.pieces import Bytes


def looks_like(data: Bytes) -> str:
    """A few words about the likely format of bytes that cannot be decoded."""
    first = data[:4096]
    for magic, name in _MAGIC:
        if first.startswith(magic):
            return name
    if first[4:8] == b"ftyp":
        return "looks like an MP4 or M4A file"
    if not any(first):
        return "begins with zeros only"
    return f"begins with {first[:8]!r}"


_MAGIC = (
    (b"RIFF", "a WAV header, cut short or damaged"),
    (b"fLaC", "a FLAC header, cut short or damaged"),
    (b"OggS", "an OGG header, cut short or damaged, or another codec than Vorbis or Opus"),
    (b"ID3", "an MP3 tag without the sound"),
    (b"\xff\xd8\xff", "looks like a JPEG image"),
    (b"\x89PNG", "looks like a PNG image"),
    (b"%PDF", "looks like a PDF document"),
    (b"PK\x03\x04", "looks like a ZIP archive"),
    (b"\x1f\x8b", "looks like gzip"),
    (b"\x1aE\xdf\xa3", "looks like a Matroska or WebM file"),
    (b"version https://git-lfs", "looks like a Git LFS pointer: fetch the file itself"),
    (b"<", "looks like HTML or XML"),
)
