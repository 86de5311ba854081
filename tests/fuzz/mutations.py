"""Files made wrong by chance: the same seed makes the same file."""

import random
import re
import struct

from asd_core.audio.containers.ogg import checksum

_EXTREMES = (
    0,
    1,
    -1,
    2,
    0x7F,
    0x80,
    0xFF,
    *(1 << bits for bits in (15, 31, 62, 63)),
    *(-1 % (1 << n) for n in (15, 31)),
)
_HEAD = 256  # bytes at the beginning, in which headers stand
_MOST = 4  # changes of a file


def mutated(data, seed, others=()):
    """The bytes with one to four changes, made by chance.

    Args:
        data: of a sound file.
        seed: of the changes.
        others: files of which pieces are put in.
    """
    chance = random.Random(seed)
    changed = bytearray(data)
    for _ in range(chance.randint(1, _MOST)):
        chance.choice(_CHANGES)(changed, chance, others or (data,))
    data = bytes(changed)
    return with_checksums(data) if data.startswith(b"OggS") and chance.random() < 0.7 else data


def with_checksums(data):
    """An Ogg file whose pages have the checksums of their bytes: a decoder drops others unread."""
    starts = [found.start() for found in re.finditer(b"OggS", data)]
    pages = [data[begin:end] for begin, end in zip(starts, [*starts[1:], len(data)], strict=True)]
    sums = [checksum(page[:22] + bytes(4) + page[26:]).to_bytes(4, "little") for page in pages]
    return b"".join(page[:22] + crc + page[26:] for page, crc in zip(pages, sums, strict=True))


def _place(data, chance):
    """An offset: of the header in half of the cases."""
    return chance.randrange(min(_HEAD, len(data)) if chance.random() < 0.5 else len(data)) if data else 0


def _flip(data, chance, _others):
    for _ in range(chance.randint(1, 16)):
        if data:
            data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _overwrite(data, chance, _others):
    at, length = _place(data, chance), chance.randint(1, 64)
    data[at : at + length] = chance.randbytes(length)


def _truncate(data, chance, _others):
    del data[_place(data, chance) :]


def _cut_out(data, chance, _others):
    at = _place(data, chance)
    del data[at : at + chance.randint(1, 2048)]


def _repeat(data, chance, _others):
    at = _place(data, chance)
    data[at:at] = data[at : at + chance.randint(1, 512)] * chance.randint(1, 8)


def _insert(data, chance, _others):
    at = _place(data, chance)
    data[at:at] = bytes(chance.randint(1, 512)) if chance.random() < 0.5 else chance.randbytes(chance.randint(1, 512))


def _extreme(data, chance, _others):
    """A number of two, four or eight bytes in the header becomes one at the end of its range."""
    size, order = chance.choice((2, 4, 4, 8)), chance.choice("<>")
    at = chance.randrange(max(1, min(_HEAD, len(data)))) // 2 * 2
    value = chance.choice(_EXTREMES) & ((1 << (8 * size)) - 1)
    data[at : at + size] = struct.pack(order + {2: "H", 4: "I", 8: "Q"}[size], value)


def _splice(data, chance, others):
    """A piece of another file in the place of one of this."""
    other = chance.choice(others)
    at, begin, length = _place(data, chance), _place(other, chance), chance.randint(4, 1024)
    data[at : at + length] = other[begin : begin + length]


_CHANGES = (_flip, _flip, _overwrite, _truncate, _cut_out, _repeat, _insert, _extreme, _extreme, _splice)
