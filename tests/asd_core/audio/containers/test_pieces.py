from __future__ import annotations

import io
import mmap
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from asd_core.audio.containers.pieces import Mended

DATA = bytes(range(100))


@given(st.lists(st.one_of(st.binary(max_size=5), st.tuples(st.integers(0, 100), st.integers(0, 100))), max_size=6))
def test_the_pieces_read_like_their_bytes_one_behind_the_other(parts: list[bytes | tuple[int, int]]) -> None:
    pieces = tuple(part if isinstance(part, bytes) else range(part[0], max(part)) for part in parts)
    joined = b"".join(piece if isinstance(piece, bytes) else DATA[piece.start : piece.stop] for piece in pieces)
    file, twin = Mended(pieces).open(DATA), io.BytesIO(joined)
    for offset, whence, size in ((0, 0, 3), (2, 1, 50), (-4, 2, 9), (1, 0, 200)):
        at = max(0, {0: 0, 1: file.tell(), 2: len(joined)}[whence] + offset)
        assert file.seek(offset, whence) == twin.seek(at) == file.tell()
        assert file.read(size) == twin.read(size)


def test_a_whole_file_is_read_in_place_and_a_seek_before_it_leads_to_its_beginning() -> None:
    file = Mended((range(100),)).open(DATA)
    assert isinstance(file, io.BytesIO) and file.seek(-1) == 0 and file.read() == DATA


def test_a_memory_map_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    with open(tmp_path / "a", "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        assert Mended((b"x", range(1, 3))).open(data).read() == b"x\x01\x02"
        assert Mended((range(100),)).open(data).read() == DATA
