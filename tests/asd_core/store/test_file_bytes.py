import os

import numpy as np
import pytest

from asd_core.store.file_bytes import _PIECE, FileBytes


@pytest.fixture
def made(tmp_path):
    def made_(data):
        (tmp_path / "f").write_bytes(data)
        return FileBytes(os.open(tmp_path / "f", os.O_RDONLY), len(data))

    return made_


def test_it_is_sliced_and_searched_as_bytes_are(made):
    data = bytes(np.random.default_rng(0).integers(0, 4, 5000, np.uint8))
    file = made(data)
    assert len(file) == 5000 and file[:] == data and file[10:20] == data[10:20] and file[-5:] == data[-5:]
    assert file[6000:] == b"" and file[20:10] == b""
    for sub in (data[100:106], data[-6:], data[:3], b"\x09", b""):
        for start, end in ((0, None), (50, 4000), (101, None), (4990, 5000), (-7, None)):
            stop = len(data) if end is None else end
            assert file.find(sub, start, end) == data.find(sub, start, stop) or sub == b""
            assert file.rfind(sub, start, end) == data.rfind(sub, start, stop) or sub == b""


def test_what_lies_across_two_pieces_is_found(made):
    data = bytearray(2 * _PIECE + 100)
    data[_PIECE - 2 : _PIECE + 2] = b"OggS"
    data[_PIECE + 90 : _PIECE + 94] = b"OggS"
    file = made(bytes(data))
    assert file.find(b"OggS") == _PIECE - 2 and file.rfind(b"OggS") == _PIECE + 90
    assert file.rfind(b"OggS", 0, _PIECE + 93) == _PIECE - 2
    assert file.find(b"none") == file.rfind(b"none") == -1


def test_a_file_that_is_cut_short_meanwhile_gives_what_is_left(tmp_path, made):
    file = made(b"a" * 100)
    os.truncate(tmp_path / "f", 40)
    assert len(file) == 100 and len(file[:]) == 40 and file[50:60] == b""


def test_its_descriptor_is_closed_with_it(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    descriptor = os.open(tmp_path / "f", os.O_RDONLY)
    file = FileBytes(descriptor, 3)
    del file
    with pytest.raises(OSError):
        os.fstat(descriptor)
