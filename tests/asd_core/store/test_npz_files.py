import io
import re
import struct
import zipfile

import numpy as np
import pytest

from asd_core.errors import UsageError
from asd_core.store.npz_files import UNREADABLE, read_npz


def write(path, member, name="x.npy"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, member)
    return path


def header(shape, kind="<f8"):
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def test_arrays_come_in_the_order_asked_for(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", a=np.arange(3), b=np.ones((2, 2), np.float32))
    b, a = read_npz(tmp_path / "a.npz", ("b", "a"))
    np.testing.assert_array_equal(a, [0, 1, 2])
    assert b.shape == (2, 2) and b.dtype == np.float32


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (header((1 << 40,)) + bytes(8), "x tells of 8796093022208 bytes and has 8: it is broken"),
        (header((1 << 62, 1 << 62)), "and has 0: it is broken"),
        (header((1,), "|O") + b"\x80\x04N.", "x holds Python objects, which are never read"),
        (bytes(80 << 20), r"\d+ bytes unpack to 83886080, as no numbers do"),
        (b"\x93NUMPY\x03\x00" + bytes(8), "x is of version (3, 0) of NumPy's format"),
    ],
)
def test_what_is_not_there_is_never_made_and_nothing_is_unpickled(tmp_path, member, message):
    message = message if "\\d" in message else re.escape(message)
    with pytest.raises(UsageError, match=message):
        read_npz(write(tmp_path / "x.npz", member), ("x",))


def test_broken_files_raise_what_their_reader_names(tmp_path):
    whole = io.BytesIO()
    np.savez_compressed(whole, x=np.arange(1000.0))
    for data in (b"", b"PK\3\4", whole.getvalue()[:-40], whole.getvalue().replace(b"x.npy", b"y.npy", 1)):
        (tmp_path / "x.npz").write_bytes(data)
        with pytest.raises(UNREADABLE):
            read_npz(tmp_path / "x.npz", ("x",))
