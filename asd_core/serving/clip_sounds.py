"""Sounds and pictures of clips, made when somebody asks for them.

A worker process decodes: a recording that kills it, or that takes too long, costs that process and nothing else. At
most two decode at once, and a bounded number of requests waits for them.
"""

from __future__ import annotations

import signal
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress
from dataclasses import dataclass, field

from asd_core.audio.listening import ALL, AudioReader, Heard
from asd_core.errors import AsdError
from asd_core.pages.night.media import ClipMedia, clip_media
from asd_core.pipeline.worker_processes import Call, Workers, start_server
from asd_core.serving.kept_files import KeptFile, KeptFiles

_AT_ONCE, _WAITING, _REMEMBERED = 2, 32, 512
_DECODE_SECONDS = 60  # then its worker ends
_PROBLEM_SECONDS = 30.0  # that a recording which could not be read is not tried again
_IMPORTED = ("asd_core.serving.clip_sounds", "soundfile", "soxr", "scipy.signal", "PIL.Image", "PIL.ImageFont")
_TYPES = {"flac": "audio/flac", "png": "image/png"}


@dataclass(frozen=True)
class SoundRequest:
    """A clip or a part of it, to be heard beside its nearest normal clips.

    Attributes:
        place: of the recording or its part, see `asd_core.audio.places`.
        nearest: places of its nearest normal clips, nearest first.
        heard: the part that was scored.
        is_described: a caption says the measured differences already.
    """

    place: str
    nearest: tuple[str, ...] = ()
    heard: Heard = ALL
    is_described: bool = False


@dataclass(frozen=True)
class HeardClip:
    """The sounds and pictures of a clip.

    Attributes:
        files: ``clip.flac``, ``clip.png``, ``nearest.flac`` and ``nearest.png``, those that there are.
        nearest_place: place of the nearest normal clip that could be read; "" for none.
        difference: how the clip differs from its nearest normals, in words; "" where that is not known.
        moment: where a part begins to differ most, s from its own beginning.
        problem: why something is missing, one line; "" where nothing is.
        made_at: seconds of a clock that never goes back.
    """

    files: Mapping[str, KeptFile] = field(default_factory=dict)
    nearest_place: str = ""
    difference: str = ""
    moment: float = 0.0
    problem: str = ""
    made_at: float = field(default_factory=time.monotonic)


class TooBusyError(AsdError):
    """So many clips wait to be decoded that no more are taken."""


Make = Callable[[SoundRequest], ClipMedia]
Instead = Callable[[ClipMedia], ClipMedia]


def _as_made(made: ClipMedia) -> ClipMedia:
    return made


def make_media(request: SoundRequest) -> ClipMedia:
    """Decode, draw and measure in this process; never raises for a recording that cannot be read."""
    read_audio = AudioReader(request.heard)
    return clip_media(request.place, request.nearest, read_audio, is_described=request.is_described)


class ClipSounds:
    """Sounds and pictures of clips, of those asked for lately.

    Args:
        files: where they are kept.
        make: makes those of one clip; None for worker processes of its own.
    """

    def __init__(self, files: KeptFiles, make: Make | None = None) -> None:
        self._files, self._make = files, make or InWorkers()
        self._pool = ThreadPoolExecutor(_AT_ONCE, "decode")
        self._lock = threading.Lock()
        self._heard: OrderedDict[SoundRequest, HeardClip] = OrderedDict()
        self._under_way: dict[SoundRequest, Future[HeardClip]] = {}
        self.close = weakref.finalize(self, _close, self._pool, self._make)

    def start(self) -> None:
        """Start what workers are forked from, so that the first clip does not wait for its imports."""
        if isinstance(self._make, InWorkers):
            self._make.start()

    def hear(self, request: SoundRequest, seconds: float, instead: Instead = _as_made) -> HeardClip | None:
        """The sounds and pictures of a clip; None where they are not made after so many seconds, but will be.

        Args:
            request: the clip.
            seconds: to wait.
            instead: shown what was made, gives it or what is to be shown in its place.

        Raises:
            TooBusyError: too many wait.
        """
        with self._lock:
            if (kept := self._fresh(request)) is not None:
                return kept
            future = self._under_way.get(request)
            if future is None:
                if len(self._under_way) >= _AT_ONCE + _WAITING:
                    raise TooBusyError("many clips are being decoded: try again in a minute")
                future = self._pool.submit(self._make_and_keep, request, instead)
                self._under_way[request] = future
        try:
            return future.result(seconds)
        except TookTooLong:
            return None

    def _fresh(self, request: SoundRequest) -> HeardClip | None:
        kept = self._heard.get(request)
        if kept is None or not all(map(self._files.has, kept.files.values())):
            return None
        if "clip.flac" not in kept.files and time.monotonic() - kept.made_at > _PROBLEM_SECONDS:
            return None
        self._heard.move_to_end(request)
        return kept

    def _make_and_keep(self, request: SoundRequest, instead: Instead) -> HeardClip:
        try:
            heard = self._filed(instead(self._make(request)))
            with self._lock:
                self._heard[request] = heard
                self._heard.move_to_end(request)
                while len(self._heard) > _REMEMBERED:
                    self._heard.popitem(last=False)
            return heard
        finally:
            with self._lock:
                self._under_way.pop(request, None)

    def _filed(self, made: ClipMedia) -> HeardClip:
        recordings = {"clip": made.clip, "nearest": made.nearest}
        files = {
            f"{name}.{ending}": self._files.keep(data, _TYPES[ending])
            for name, one in recordings.items()
            if one is not None
            for ending, data in (("flac", one.audio), ("png", one.image))
            if data
        }
        nearest = made.nearest.place if made.nearest else ""
        return HeardClip(files, nearest, made.difference, made.moment, made.problem)


class InWorkers:
    """A worker process for each thread that asks, started when it first does.

    Args:
        make: what a worker does; None for `make_media` within a minute.
    """

    def __init__(self, make: Make | None = None) -> None:
        self._make = make or _timed
        self._own = threading.local()
        self._all: list[Workers] = []

    def start(self) -> None:
        """Start what workers are forked from; where that fails, each clip says so."""
        with suppress(OSError, EOFError):
            start_server(_IMPORTED)

    def __call__(self, request: SoundRequest) -> ClipMedia:
        """Make the media of a clip; whatever goes wrong on the way is the clip's problem."""
        if not hasattr(self._own, "workers"):
            self.start()
            self._own.workers = Workers(1)
            self._all.append(self._own.workers)
        try:
            answer = self._own.workers.ask(Call(self._make, request))
        except AsdError as error:  # this machine lets no process start
            return _unheard(str(error))
        if answer.error is not None:
            return _unheard(f"{type(answer.error).__name__}: {answer.error}")
        if answer.is_lost:
            return _unheard(f"decoding it took more than {_DECODE_SECONDS} s, or ended the process that did it")
        made: ClipMedia = answer.result
        return made

    def close(self) -> None:
        """End all workers, whatever they are at."""
        for workers in self._all:
            workers.close()


def _unheard(why: str) -> ClipMedia:
    return ClipMedia(None, None, "", f"The recording cannot be played: {' '.join(why.split())[:300]}")


def _timed(request: SoundRequest) -> ClipMedia:
    """`make_media` in a worker process, which ends where that takes too long."""
    signal.alarm(_DECODE_SECONDS)
    try:
        return make_media(request)
    finally:
        signal.alarm(0)


def _close(pool: ThreadPoolExecutor, make: Make) -> None:
    pool.shutdown(wait=False, cancel_futures=True)
    if isinstance(make, InWorkers):
        make.close()
