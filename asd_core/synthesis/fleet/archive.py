"""Nights of recordings of a simulated fleet, written as an archive in the fleet layout, with the truth about each."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import scipy.io.wavfile
import soundfile

from asd_core.errors import UsageError, did_you_mean
from asd_core.store.addresses import open_files
from asd_core.store.files import Files
from asd_core.synthesis.fleet.changes import Changes
from asd_core.synthesis.fleet.fault_night import Fault, NightPlan, plan_night
from asd_core.synthesis.fleet.faults import SEVERITIES, with_fault
from asd_core.synthesis.fleet.machine import MACHINE_TYPES, Machine, build_machine, healthy_sound
from asd_core.synthesis.signals import Samples

NO_CHANGES = Changes()
"""Nights that differ by chance alone."""


@dataclass(frozen=True)
class SimulatedFleet:
    """A fleet's archive as it was written.

    Attributes:
        root: the archive's folder.
        clips: number of recordings, broken ones too.
        machines: number of machines.
        dates: of the nights, in order.
        faults: one for each faulty machine and night.
        broken: path → kind of damage, one of BROKEN.
        silent: (date, machine type, machine id) of machines that recorded nothing that night.
    """

    root: str
    clips: int
    machines: int
    dates: tuple[str, ...]
    faults: tuple[Fault, ...]
    broken: dict[str, str]
    silent: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class _Recording:
    """One recording to be made."""

    machine: Machine
    night: int
    clip: int
    path: str
    fault: Fault | None
    broken: str | None


def simulate_fleet(
    root: str,
    *,
    machine_types: Sequence[str] = MACHINE_TYPES,
    machines_per_type: int = 4,
    nights: int = 4,
    clips_per_night: int = 5,
    seconds: float = 10.0,
    sample_rate: int = 16000,
    first_date: str = "2026-11-01",
    fault_nights: Sequence[int] | None = None,
    seed: int = 0,
    file_format: str = "wav",
    changes: Changes = NO_CHANGES,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> SimulatedFleet:
    """Write an archive of a fleet's nights and ``manifest.csv`` with the ground truth.

    On a fault night two fifths of the machines are faulty, five recordings of others are broken files, and one machine
    records nothing. All other nights are healthy. The same arguments give the same bytes; more nights leave the files
    of the earlier ones as they are, unless faults fall elsewhere. A file that already has the same bytes is not
    touched.

    Args:
        root: folder, made where it is missing.
        machine_types: some of MACHINE_TYPES.
        machines_per_type: number of machines of each type.
        nights: number of nights, on consecutive dates.
        clips_per_night: number of recordings of each machine and night.
        seconds: length of each recording.
        sample_rate: Hz.
        first_date: of the first night.
        fault_nights: counted from 0; None for the last one.
        seed: of everything random.
        file_format: "wav" or "flac".
        changes: over the nights, beside these faults.
        on_progress: called with (done, total) after each recording.

    Raises:
        UsageError: an impossible argument.
    """
    dates = _dates(first_date, nights)
    broken_nights = sorted({nights - 1} if fault_nights is None else set(fault_nights))
    _check(machine_types, machines_per_type, clips_per_night, seconds, sample_rate, nights, broken_nights, file_format)
    machines = [build_machine(kind, i, seed) for kind in machine_types for i in range(machines_per_type)]
    changes.check(machines, nights)
    recordings: list[_Recording] = []
    silent: list[tuple[str, str, str]] = []
    for night, day in enumerate(dates):
        is_broken = night in broken_nights
        plan = plan_night(machines, clips_per_night, day, night, seed) if is_broken else NightPlan()
        recordings += _night(machines, night, day, clips_per_night, file_format, plan)
        if plan.silent is not None:
            silent.append((day, machines[plan.silent].machine_type, machines[plan.silent].machine_id))
    files = open_files(root)
    count = round(seconds * sample_rate)
    for done, recording in enumerate(recordings, 1):
        _write(files, recording.path, _file_bytes(recording, count, sample_rate, seed, file_format, changes))
        on_progress(done, len(recordings))
    _write(files, "manifest.csv", _manifest(recordings, changes))
    faults = dict.fromkeys(recording.fault for recording in recordings if recording.fault is not None)
    broken = {recording.path: recording.broken for recording in recordings if recording.broken is not None}
    return SimulatedFleet(files.url, len(recordings), len(machines), dates, tuple(faults), broken, tuple(silent))


def _night(
    machines: list[Machine], night: int, day: str, clips: int, file_format: str, plan: NightPlan
) -> Iterator[_Recording]:
    pause = min(60.0, 4 * 3600 / clips)  # seconds from one recording to the next
    for index, machine in enumerate(machines):
        if index == plan.silent:
            continue
        folder = f"machine_type={machine.machine_type}/machine_id={machine.machine_id}/date={day}"
        for clip in range(clips):
            at = datetime.fromisoformat(f"{day}T02:00:00") + timedelta(seconds=pause * clip)
            path = f"{folder}/{at:%Y%m%dT%H%M%S}_{clip:04}.{file_format}"
            yield _Recording(machine, night, clip, path, plan.faults.get(index), plan.broken.get((index, clip)))


def _file_bytes(
    recording: _Recording, count: int, sample_rate: int, seed: int, file_format: str, changes: Changes
) -> bytes:
    machine, fault = recording.machine, recording.fault
    key = [seed, zlib.crc32(machine.machine_type.encode()), int(machine.machine_id), recording.night]
    rng = np.random.default_rng([*key, recording.clip])
    match recording.broken:
        case "empty":
            return b""
        case "jpeg":
            return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + rng.bytes(20000)
        case "silence":
            return _encoded(np.zeros(count, np.float32), sample_rate, file_format)
    night = np.random.default_rng([*key, zlib.crc32(b"night")])
    tonight = changes.machine(machine, recording.night, seed)
    sound = healthy_sound(tonight, count, sample_rate, night, rng, changes.night_effects)
    if fault is not None:
        sound = with_fault(sound, fault.kind, SEVERITIES[fault.severity], tonight, sample_rate, rng)
    elif (growing := changes.fault(machine, recording.night)) is not None:
        sound = with_fault(sound, *growing, tonight, sample_rate, rng)
    sound = changes.heard(sound, machine, recording.night, sample_rate, seed)
    if recording.broken == "nan":
        sound[count // 3 : count // 2] = np.nan
        return _float_wav(sound, sample_rate)
    data = _encoded(sound, sample_rate, file_format)
    return data[:20] if recording.broken == "cut_header" else data


def _encoded(sound: Samples, sample_rate: int, file_format: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound, sample_rate, format=file_format.upper(), subtype="PCM_16")
    return file.getvalue()


def _float_wav(sound: Samples, sample_rate: int) -> bytes:
    """A float WAV file by scipy: libsndfile writes the time of day into float files."""
    file = io.BytesIO()
    scipy.io.wavfile.write(file, sample_rate, sound.astype(np.float32))
    return file.getvalue()


def _manifest(recordings: list[_Recording], changes: Changes) -> bytes:
    """The truth on each recording; a column on changes only where there are some."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    names = ["path", "machine_type", "machine_id", "date", "condition", "fault", "severity"]
    rows.writerow([*names, "change"] if changes != NO_CHANGES else names)
    for recording in recordings:
        machine, day = recording.machine, recording.path.split("/")[2].removeprefix("date=")
        growing = changes.fault(machine, recording.night)
        if recording.broken is not None:
            truth = ["", f"broken:{recording.broken}", ""]
        elif recording.fault is not None:
            truth = ["anomalous", recording.fault.kind, recording.fault.severity]
        elif growing is not None:
            truth = ["anomalous", growing[0], f"{growing[1]:.1f} dB"]
        else:
            truth = ["normal", "", ""]
        row = [recording.path, machine.machine_type, machine.machine_id, day, *truth]
        rows.writerow([*row, changes.words(machine, recording.night)] if changes != NO_CHANGES else row)
    return file.getvalue().encode()


def _write(files: Files, path: str, data: bytes) -> None:
    # A store takes a file that was written anew for another clip, even with the same bytes.
    if not files.exists(path) or files.read(path) != data:
        files.write(path, data)


def _dates(first_date: str, nights: int) -> tuple[str, ...]:
    try:
        first = date.fromisoformat(first_date)
    except ValueError as error:
        raise UsageError(f"{first_date!r} is no date: write it as 2026-11-01") from error
    return tuple((first + timedelta(days=night)).isoformat() for night in range(nights))


def _check(
    machine_types: Sequence[str],
    machines_per_type: int,
    clips_per_night: int,
    seconds: float,
    sample_rate: int,
    nights: int,
    fault_nights: Sequence[int],
    file_format: str,
) -> None:
    for kind in machine_types:
        if kind not in MACHINE_TYPES:
            raise UsageError(f"unknown machine type {kind!r}" + did_you_mean(kind, MACHINE_TYPES))
    if not machine_types or len(set(machine_types)) < len(machine_types):
        raise UsageError(
            f"machine types must be some of {', '.join(MACHINE_TYPES)}, each once: {', '.join(machine_types)!r}"
        )
    if not 1 <= machines_per_type <= 100:
        raise UsageError(f"machines per type must be 1 to 100, not {machines_per_type}")
    if nights < 1 or not 1 <= clips_per_night <= 14400:
        raise UsageError(
            f"nights and clips per night must be at least 1 (and 14400 at most), not {nights} and {clips_per_night}"
        )
    if not 0.5 <= seconds <= 3600 or not 8000 <= sample_rate <= 192000:
        raise UsageError(f"clips must be 0.5 to 3600 s at 8000 to 192000 Hz, not {seconds} s at {sample_rate} Hz")
    if any(not 0 <= night < nights for night in fault_nights):
        raise UsageError(f"fault nights must be from 0 to {nights - 1}, not {', '.join(map(str, fault_nights))}")
    if file_format not in ("wav", "flac"):
        raise UsageError(f"unknown file format {file_format!r}" + did_you_mean(file_format, ("wav", "flac")))
