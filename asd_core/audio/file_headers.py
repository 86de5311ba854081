"""Facts from the first bytes of a file, without decoding it."""

from __future__ import annotations


def riff_promise(data: bytes) -> float:
    """Samples that a WAV header promises over those in the file: 1.0 for a whole file and for other formats.

    libsndfile itself reads the samples in the file and gives no warning.
    """
    if data[:4] != b"RIFF":
        return 1.0
    start = 12
    while start + 8 <= len(data):
        size = int.from_bytes(data[start + 4 : start + 8], "little")
        if data[start : start + 4] == b"data":
            there = len(data) - start - 8
            is_placeholder = size >= 0x7FFFFFFF  # streamed: written before the length was known
            return 1.0 if is_placeholder or not 0 < there < size else size / there
        start += 8 + size + size % 2
    return 1.0


def looks_like(data: bytes) -> str:
    """A few words about the likely format of bytes that cannot be decoded."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[4:8] == b"ftyp":
        return "looks like an MP4 or M4A file"
    if not any(data[:4096]):
        return "begins with zeros only"
    return f"begins with {data[:8]!r}"


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
