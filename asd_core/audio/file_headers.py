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
        return f"looks like an MP4 or M4A file: {_CURE}"
    if not any(first):
        return "begins with zeros only"
    return f"begins with {first[:8]!r}"


_CURE = "convert it to FLAC or WAV"


_MAGIC = (
    (b"RIFF", "a WAV header, cut short or damaged"),
    (b"fLaC", "a FLAC header, cut short or damaged"),
    (b"OggS", "an OGG header, cut short or damaged, or another codec than Vorbis or Opus"),
    (b"ID3", "an MP3 tag without the sound"),
    (b"#!AMR", f"looks like an AMR file: {_CURE}"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", f"looks like a WMA or ASF file: {_CURE}"),
    (b"\xff\xf1", f"looks like an AAC file: {_CURE}"),
    (b"\xff\xf9", f"looks like an AAC file: {_CURE}"),
    (b"ADIF", f"looks like an AAC file: {_CURE}"),
    (b"DSD ", f"looks like a DSF file: {_CURE}"),
    (b"FRM8", f"looks like a DSDIFF file: {_CURE}"),
    (b"MAC ", f"looks like a Monkey's Audio file: {_CURE}"),
    (b"wvpk", f"looks like a WavPack file: {_CURE}"),
    (b"TTA1", f"looks like a TTA file: {_CURE}"),
    (b"MPCK", f"looks like a Musepack file: {_CURE}"),
    (b"MP+", f"looks like a Musepack file: {_CURE}"),
    (b".RMF", f"looks like a RealAudio file: {_CURE}"),
    (b".ra\xfd", f"looks like a RealAudio file: {_CURE}"),
    (b"\x0bw", f"looks like an AC-3 file: {_CURE}"),
    (b"\x00\x05\x16\x07", "a resource fork of macOS, not the recording itself"),
    (b"\xff\xd8\xff", "looks like a JPEG image"),
    (b"\x89PNG", "looks like a PNG image"),
    (b"%PDF", "looks like a PDF document"),
    (b"PK\x03\x04", "looks like a ZIP archive"),
    (b"\x1f\x8b", "looks like gzip"),
    (b"\x1aE\xdf\xa3", f"looks like a Matroska or WebM file: {_CURE}"),
    (b"version https://git-lfs", "looks like a Git LFS pointer: fetch the file itself"),
    (b"<", "looks like HTML or XML"),
)
