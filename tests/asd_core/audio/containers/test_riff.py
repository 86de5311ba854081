from __future__ import annotations

import struct
import time

import numpy as np
import pytest

from asd_core.audio.containers.pieces import Mended
from asd_core.audio.containers.riff import mend_riff
from asd_core.audio.decoding import decode
from tests.sound_files import FORMAT, LIST, PCM, RATE, SAMPLES, SOUND, chunk, ds64, encode, patched, riff

UNKNOWN = 0xFFFFFFFF
STREAM = chunk(b"data", PCM, size=UNKNOWN)
EXTENSIBLE = chunk(
    b"fmt ",
    b"\xfe\xff" + FORMAT[10:] + struct.pack("<HHI", 22, 16, 4) + bytes.fromhex("0100000000001000800000aa00389b71"),
)
WRONG = {
    "no padding behind an odd chunk": riff(FORMAT, chunk(b"LIST", b"INFOx", pad=False), SOUND),
    "no padding behind a first odd chunk": riff(chunk(b"bext", b"x" * 603, pad=False), FORMAT, SOUND),
    "two chunks of sound": riff(FORMAT, chunk(b"data", PCM[:20_000]), chunk(b"data", PCM[20_000:])),
    "sound before its format": riff(SOUND, FORMAT),
    "a chunk of no size": riff(chunk(b"JUNK", bytes(28), size=0x7FFFFFFF), FORMAT, SOUND),
    "extensible, streamed": riff(EXTENSIBLE, STREAM, size=UNKNOWN),
    "RF64 without sizes": riff(ds64(0, 0), FORMAT, STREAM, magic=b"RF64", size=UNKNOWN),
    "RF64 with the largest sizes": riff(ds64(2**64 - 1, 2**64 - 1), FORMAT, STREAM, magic=b"RF64", size=UNKNOWN),
    "RF64 without its ds64": riff(FORMAT, STREAM, magic=b"RF64", size=UNKNOWN),
    "RF64 without sizes, with a LIST": riff(ds64(0, 0), FORMAT, STREAM + LIST, magic=b"RF64", size=UNKNOWN),
    "BW64": riff(ds64(len(PCM) + 72, len(PCM)), FORMAT, STREAM, magic=b"BW64", size=UNKNOWN),
    "two formats": riff(FORMAT, FORMAT, SOUND),
    "a format of no size": riff(FORMAT[:4] + b"\xff\xff\0\0" + FORMAT[8:], SOUND),
    "another file behind it": riff(FORMAT, SOUND) * 2,
    "the size of a RIFF alone": riff(FORMAT, chunk(b"data", PCM, size=2 * len(PCM))),
}


@pytest.mark.parametrize("fault", WRONG)
def test_every_sample_is_decoded_without_a_warning(fault: str) -> None:
    decoded = decode(WRONG[fault], sample_rate=RATE)
    np.testing.assert_array_equal(decoded.samples * 32768, SAMPLES)
    assert decoded.warning is None


def test_big_endian_sound_stays_so() -> None:
    file = encode("WAV")
    data = b"RIFX" + file[4:8][::-1] + b"WAVEfmt " + file[16:20][::-1]
    data += struct.pack(">HHIIHH", *struct.unpack("<HHIIHH", file[20:36])) + b"data" + bytes(4)
    decoded = decode(data + SAMPLES.astype(">i2").tobytes(), sample_rate=RATE)
    np.testing.assert_array_equal(decoded.samples * 32768, SAMPLES)


def test_a_file_without_sound_or_format_is_left_to_the_decoder() -> None:
    for data in (riff(), riff(SOUND), riff(FORMAT), riff(FORMAT, SOUND), b"RIFF"):
        assert mend_riff(data, 0, len(data)) is None


def test_a_header_that_was_never_filled_in_before_no_sound_stays_without_sound() -> None:
    data = riff(FORMAT, chunk(b"data", b"")) + LIST
    assert mend_riff(data, 0, len(data)) is None


class Huge(bytes):
    """A file of five gigabytes, of which the first bytes are there."""

    def __len__(self) -> int:
        return 5 << 30


def test_more_than_four_gigabytes_get_a_header_of_64_bits() -> None:
    data = Huge(riff(FORMAT, chunk(b"data", PCM, size=0)))
    mended = mend_riff(data, 0, len(data))
    assert isinstance(mended, Mended)
    head, sound, _ = mended.pieces
    assert isinstance(head, bytes) and head[:4] == b"RF64" and len(sound) == (5 << 30) - 44
    assert int.from_bytes(head[28:36], "little") == len(sound) and head.endswith(b"data\xff\xff\xff\xff")


def test_the_count_of_a_compressed_file_is_kept() -> None:
    data = patched(encode("WAV", subtype="IMA_ADPCM"), 4, UNKNOWN)
    at = data.index(b"data") + 4
    whole, mended = decode(encode("WAV", subtype="IMA_ADPCM"), sample_rate=RATE), patched(data, at, UNKNOWN)
    np.testing.assert_array_equal(decode(mended, sample_rate=RATE).samples, whole.samples)


def test_a_file_of_nothing_but_empty_chunks_of_sound_is_given_up_on_soon() -> None:
    began = time.process_time()
    assert mend_riff(b"RIFF\xff\xff\xff\xffWAVE" + b"data\0\0\0\0" * 40_000, 0, 320_012) is None
    assert time.process_time() - began < 5.0  # and not minutes: each was looked behind for its end
