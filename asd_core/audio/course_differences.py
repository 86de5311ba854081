"""Differences in the course of a recording: it stops, it starts late, it gets loud for a moment."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.findings import Finding
from asd_core.audio.level_track import TRACK_SECONDS
from asd_core.audio.measures import AcousticMeasures

_QUIETER = 3.0  # dB below every moment of the normal clips
_LOUDER = 6.0  # dB above every moment of the normal clips
_CLEAR_STOP = 12.0  # dB, of several stops or of one in a sound that swells slowly
_SLOW, _DEEP = 1.6, 0.3  # rate per second and depth of such a swelling
_SHORTEST_STOP = 0.4  # seconds
_HOLE = 2  # stretches of another kind within one stop
_NO_SIGNAL = -115.0  # dB re full scale
_MOST_MOMENTS = 3  # more loud moments are no single events


@dataclass(frozen=True)
class Course:
    """The stretches of a clip in which it stands still or is loud, compared with the normal clips.

    Attributes:
        findings: in words.
        level: of all other stretches, dB re full scale; None where it is that of the whole clip.
        stands_still: True where it stops or starts late.
        is_loud: True where it gets loud for a moment.
    """

    findings: tuple[Finding, ...] = ()
    level: float | None = None
    stands_still: bool = False
    is_loud: bool = False


def course_of(clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> Course:
    """Find stops, late starts and loud moments of a clip, which no normal clip has."""
    tracks = [np.array(normal.track) for normal in normals if normal.track]
    if not clip.track or not tracks:
        return Course()
    track = np.array(clip.track)
    stops = _stops(track, tracks)
    loud = _loud_moments(track, tracks)
    if not stops and not loud:
        return Course()
    pulsates = len(stops) > 1 or any(found.rate <= _SLOW and found.depth >= _DEEP for found in clip.swellings or ())
    if pulsates:  # what swells has troughs, and no stops
        stops = [run for run in stops if _depth(track, stops, run) >= _CLEAR_STOP]
        if not stops and not loud:
            return Course()
    rest = np.ones(track.size, bool)
    for first, behind in (*stops, *loud):
        rest[max(0, first - 1) : behind + 1] = False  # the stretches that hold the edges
    if not rest.any():
        return Course()
    findings = [*_told_stops(track, rest, stops), *_told_moments(track, rest, loud)]
    return Course(tuple(findings), _mean(track[rest]), bool(stops), bool(loud))


def _stops(track: NDArray[np.float64], normals: list[NDArray[np.float64]]) -> list[tuple[int, int]]:
    """Stretches (first, behind) well below every moment of the normal clips; the clip may be quieter as a whole."""
    gain = float(np.quantile(track, 0.95)) - statistics.median(float(np.quantile(normal, 0.95)) for normal in normals)
    lowest = min(float(normal.min()) for normal in normals) + min(0.0, gain)
    runs = _runs(track < lowest - _QUIETER, _HOLE)
    return [(a, b) for a, b in runs if (b - a) * TRACK_SECONDS >= _SHORTEST_STOP]


def _loud_moments(track: NDArray[np.float64], normals: list[NDArray[np.float64]]) -> list[tuple[int, int]]:
    gain = float(np.median(track)) - statistics.median(float(np.median(normal)) for normal in normals)
    highest = max(float(normal.max()) for normal in normals) + max(0.0, gain)
    runs = _runs(track > highest + _LOUDER, _HOLE)
    return runs if len(runs) <= _MOST_MOMENTS else []


def _runs(inside: NDArray[np.bool_], hole: int) -> list[tuple[int, int]]:
    """(first, behind) of the stretches that are inside, across small holes."""
    places = np.flatnonzero(inside)
    if not places.size:
        return []
    breaks = np.flatnonzero(np.diff(places) > hole + 1)
    firsts, lasts = places[np.append(0, breaks + 1)], places[np.append(breaks, places.size - 1)]
    return [(int(a), int(b) + 1) for a, b in zip(firsts, lasts, strict=True)]


def _told_stops(track: NDArray[np.float64], rest: NDArray[np.bool_], stops: list[tuple[int, int]]) -> list[Finding]:
    told, inner = [], []
    for first, behind in stops:
        start, end = first * TRACK_SECONDS, behind * TRACK_SECONDS
        drop = _drop(track, rest, [(first, behind)])
        if first <= 1:
            told.append(Finding(f"starts only after {end:.1f} s ({drop})", _size(track, rest, first, behind)))
        elif behind >= track.size - 1:
            told.append(Finding(f"stops after {start:.1f} s ({drop})", _size(track, rest, first, behind)))
        else:
            inner.append((first, behind))
    if inner:
        seconds = sum(b - a for a, b in inner) * TRACK_SECONDS
        begins = inner[0][0] * TRACK_SECONDS
        words = f"stops for {seconds:.1f} s from {begins:.1f} s"
        if len(inner) > 1:
            words = f"stops {len(inner)} times, for {seconds:.1f} s in all, first at {begins:.1f} s"
        told.append(Finding(f"{words} ({_drop(track, rest, inner)})", max(_size(track, rest, *run) for run in inner)))
    return told


def _told_moments(track: NDArray[np.float64], rest: NDArray[np.bool_], loud: list[tuple[int, int]]) -> list[Finding]:
    if not loud:
        return []
    level = _mean(track[rest])
    first, behind = max(loud, key=lambda run: track[run[0] : run[1]].max())
    height = float(track[first:behind].max()) - level
    place = f"at {(first + int(np.argmax(track[first:behind]))) * TRACK_SECONDS:.1f} s, {height:.0f} dB above its level"
    words = f"one loud moment {place}" if len(loud) == 1 else f"{len(loud)} loud moments, the loudest {place}"
    return [Finding(words, height / _LOUDER)]


def _drop(track: NDArray[np.float64], rest: NDArray[np.bool_], runs: list[tuple[int, int]]) -> str:
    still = float(np.median(np.concatenate([track[a:b] for a, b in runs])))
    return "no signal" if still <= _NO_SIGNAL else f"{_mean(track[rest]) - still:.0f} dB quieter"


def _depth(track: NDArray[np.float64], stops: list[tuple[int, int]], run: tuple[int, int]) -> float:
    """How far the level drops in a run, dB under that of the clip without any stop."""
    rest = np.ones(track.size, bool)
    for first, behind in stops:
        rest[first:behind] = False
    return _mean(track[rest]) - float(np.median(track[run[0] : run[1]])) if rest.any() else 0.0


def _size(track: NDArray[np.float64], rest: NDArray[np.bool_], first: int, behind: int) -> float:
    return (_mean(track[rest]) - _mean(track[first:behind])) / _QUIETER


def _mean(levels: NDArray[np.float64]) -> float:
    return float(10.0 * np.log10(np.mean(10.0 ** (levels / 10.0))))
