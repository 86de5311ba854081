"""libsndfile, read front to back: every sample that it can decode, of files with tags and wrong sizes too."""

from __future__ import annotations

import os

import numpy as np
import soundfile
from numpy.typing import NDArray

from asd_core.audio.containers.flac import behind_damage, first_sample, stream_samples
from asd_core.audio.containers.mend import mend
from asd_core.audio.containers.ogg import LARGEST_PAGE
from asd_core.audio.containers.pieces import Bytes, Mended
from asd_core.audio.file_headers import looks_like
from asd_core.errors import ClipError

_MOST_PARTS = 200  # of a damaged file
_BLOCK = 4096  # frames decoded at a time: libsndfile loses all of a block to one bad frame in it
_PLAIN_BLOCK = 1 << 18  # where samples stand as they are, and none is bad: most clips are one block
_PLAIN = ("PCM", "FLOAT", "DOUBLE", "ULAW", "ALAW")
_BLOCK_SAMPLES = 1 << 20  # of all channels of a block
_UNKNOWN = 1 << 62  # frames: libsndfile says more for a stream that does not know its length
# The most samples of all channels that a file may hold: more for each of its bytes is no sound but a bomb, and any file
# may have so many. The best that honest coders reach on sound is 16 for a byte. Silence takes less, and is told apart.
_SAMPLES_A_BYTE, _SAMPLES_ALWAYS = 128, 1 << 24


class SoundFile(soundfile.SoundFile):  # type: ignore[misc]  # soundfile is untyped
    """An open recording.

    Attributes:
        promised: frames that its header promises over those in the file; 1.0 where nothing is missing.
        lost: frames of broken blocks so far, with sound that could be decoded on both sides.

    Args:
        data: the file's bytes, or a memory map of it; the format is recognised from them, never from a name.
        mended: its pieces, where they are known.

    Raises:
        ClipError: ``not_audio``.
    """

    promised: float
    lost: int

    def __init__(self, data: Bytes, mended: Mended | None = None) -> None:
        mended = mended or mend(data)
        try:
            super().__init__(mended.open(data))
        except soundfile.SoundFileError as error:
            # str(error) holds the address of the file object, which differs from run to run.
            why = getattr(error, "error_string", str(error)).rstrip(".")
            raise ClipError("not_audio", f"cannot be decoded ({looks_like(data)}): {why}") from error
        self.promised, self.lost = mended.promised, 0
        self._data, self._copy = data, mended.open(data)
        self._given = 0  # frames so far
        self._part: SoundFile | None = None  # the part of a damaged file that is being read; None for the first
        self._part_at, self._parts = 0, 1

    @property
    def is_length_known(self) -> bool:
        """False for a stream whose header does not tell its length."""
        return bool(self.frames < _UNKNOWN)

    @property
    def lacks_end_mark(self) -> bool:
        """True for an Ogg stream whose last page is not marked as such."""
        if self.format != "OGG":
            return False
        size = self._copy.seek(0, os.SEEK_END)
        self._copy.seek(max(0, size - LARGEST_PAGE))
        tail = self._copy.read()
        flags = tail[tail.rfind(b"OggS") :][5:6]
        return bool(flags) and not flags[0] & 4

    def seekable(self) -> bool:
        """False: soundfile else seeks after each block, which fails at the end of a streamed FLAC."""
        return False

    @property
    def block_frames(self) -> int:
        """Frames that are best decoded at a time."""
        is_plain = self.format != "FLAC" and self.subtype.partition("_")[0] in _PLAIN
        return min(_PLAIN_BLOCK, max(_BLOCK, _BLOCK_SAMPLES // self.channels)) if is_plain else _BLOCK

    @property
    def most_samples(self) -> int:
        """Samples that a file of this size may hold, whatever its header tells: time and memory have a bound."""
        return max(_SAMPLES_ALWAYS, _SAMPLES_A_BYTE * len(self._data))

    @property
    def most_frames(self) -> int:
        """The same in frames, which hold a sample of each channel."""
        return self.most_samples // int(self.channels)

    @property
    def told_frames(self) -> int | None:
        """Frames of the whole recording, as its header or the last frame of a FLAC stream tells; None if none does."""
        if self.is_length_known:
            return int(self.frames)
        return stream_samples(self._data) if self.format == "FLAC" else None

    def next_block(self, frames: int) -> NDArray[np.float32]:
        """The next frames, at most so many: (n, channels) float32; none at the end, or where decoding breaks off.

        Raises:
            ClipError: ``too_long``, beyond `most_frames`.
        """
        if self._given > self.most_frames:
            raise ClipError(
                "too_long",
                f"{len(self._data)} bytes unpack to more than {self.most_frames} samples, as no sound does: the file "
                "is broken, or made to keep its reader busy",
            )
        block = (self._part or self)._read(frames)
        self._given += len(block)
        if not len(block) and frames and self.format == "FLAC" and self._goes_on():
            return self.next_block(frames)
        return block

    def _read(self, frames: int) -> NDArray[np.float32]:
        block = np.full((frames, self.channels), np.nan, np.float32)
        try:
            return self.read(out=block)  # type: ignore[no-any-return]
        except soundfile.SoundFileError:
            # The block before a broken frame, or before bytes behind the last one, is decoded all the same; its length
            # is not told. No compressed format has NaN for a sample.
            return block[: int(np.count_nonzero(~np.isnan(block[:, 0])))]

    def _goes_on(self) -> bool:
        """True where sound follows behind a broken frame; it is read next."""
        sample = first_sample(self._data) + self._given + self.lost
        behind = behind_damage(self._data, sample, self._part_at) if self._parts < _MOST_PARTS else None
        if behind is None:
            return False
        self._part, self._part_at = SoundFile(self._data, behind.mended), behind.offset
        self._parts += 1
        self.lost += behind.sample - sample
        return True
