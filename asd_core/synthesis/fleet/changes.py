"""Changes of a simulated fleet over nights that are no faults, and faults that grow from night to night.

    night effects   how far a machine's nights lie apart, beside its clips
    drift           each machine's noise, tones and level wander slowly, each its own way: wear, dirt, filling
    season          all machines together swing once a year: temperature
    gain change     every recording is louder or quieter from a night on: a setting of the recorder
    microphone      one machine is heard through another response from a night on
    growing fault   a fault that begins unheard and grows by so many dB a night

Nothing here knows of a detector or of a rule that raises alarms.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from asd_core.errors import UsageError, did_you_mean
from asd_core.synthesis.fleet.faults import KINDS
from asd_core.synthesis.fleet.machine import Machine
from asd_core.synthesis.signals import Samples, filtered, frequencies, from_db

MONTH = 30.0
"""Nights in which a drift reaches its size."""

YEAR = 365.0
"""Nights of a season's swing."""

UNHEARD_DB, SEVEREST_DB = -6.0, 18.0
"""Severity of a growing fault on its first night, and where it stops growing."""

_HUMPS = 5  # of a microphone's response


@dataclass(frozen=True)
class GainChange:
    """Every recording from a night on is so many dB louder."""

    night: int
    gain_db: float


@dataclass(frozen=True)
class MicrophoneChange:
    """One machine is recorded by another microphone from a night on."""

    night: int
    machine_type: str
    machine_id: str


@dataclass(frozen=True)
class GrowingFault:
    """A fault of one machine that grows from a night on."""

    night: int
    machine_type: str
    machine_id: str
    kind: str
    db_a_night: float

    def severity_db(self, night: int) -> float | None:
        """Its severity in a night, in the dB of `asd_core.synthesis.fleet.faults`; None before it begins."""
        if night < self.night:
            return None
        return min(SEVEREST_DB, UNHEARD_DB + self.db_a_night * (night - self.night))


@dataclass(frozen=True)
class Changes:
    """All changes of a fleet; none by default.

    Attributes:
        night_effects: factor on what differs from night to night.
        drift_db: size of each machine's drift in `MONTH` nights: a standard deviation over machines.
        season_db: size of the common swing of `YEAR` nights.
        gains: changes of gain; several add up.
        microphones: changes of microphones.
        faults: that grow.
    """

    night_effects: float = 1.0
    drift_db: float = 0.0
    season_db: float = 0.0
    gains: tuple[GainChange, ...] = ()
    microphones: tuple[MicrophoneChange, ...] = ()
    faults: tuple[GrowingFault, ...] = ()

    def check(self, machines: Sequence[Machine], nights: int) -> None:
        """Raise UsageError for a size, night, machine or kind of fault that cannot be."""
        for name in ("night_effects", "drift_db", "season_db"):
            if not 0 <= getattr(self, name) <= 20:
                raise UsageError(f"{name.replace('_', ' ')} must be from 0 to 20, not {getattr(self, name):g}")
        events: tuple[GainChange | MicrophoneChange | GrowingFault, ...]
        events = (*self.gains, *self.microphones, *self.faults)
        known = [f"{one.machine_type}/{one.machine_id}" for one in machines]
        for event in events:
            if not 0 <= event.night < nights:
                raise UsageError(f"a change in night {event.night + 1}: the fleet has nights 1 to {nights}")
            if isinstance(event, GainChange):
                continue
            if (name := f"{event.machine_type}/{event.machine_id}") not in known:
                near = did_you_mean(name, known)
                raise UsageError(f"a change of machine {name!r}, which the fleet does not have{near}")
        for fault in self.faults:
            if fault.kind not in (kinds := KINDS[fault.machine_type]):
                raise UsageError(f"a {fault.machine_type} has no fault {fault.kind!r}: take one of {', '.join(kinds)}")
            if not 0 < fault.db_a_night <= 24:
                raise UsageError(
                    f"a fault must grow by more than 0 and at most 24 dB a night, not {fault.db_a_night:g}"
                )
        if any(not -40 <= gain.gain_db <= 40 for gain in self.gains):
            raise UsageError("a change of gain must be from -40 to 40 dB")

    def machine(self, machine: Machine, night: int, seed: int) -> Machine:
        """A machine as it is in a night: drift and season move its level, tones, noise and speed."""
        if not (self.drift_db or self.season_db):
            return machine
        own = _rng(machine, seed, b"drift").standard_normal(3)
        level, tonal, octaves = self.drift_db * own * night / MONTH / np.array([1, 1, 12])
        swing = self.season_db * np.sin(2 * np.pi * night / YEAR)
        return replace(
            machine,
            speed=machine.speed * (1 + 0.002 * swing),
            level_db=machine.level_db + level + swing / 2,
            tonal_db=machine.tonal_db + tonal,
            corner_hz=machine.corner_hz * 2 ** (octaves + swing / 12),
        )

    def heard(self, sound: Samples, machine: Machine, night: int, sample_rate: int, seed: int) -> Samples:
        """A sound as it is recorded in a night: through the microphone and the gain of then, (T,) within [-1, 1]."""
        number, gain_db = self._microphone(machine, night), self._gain_db(night)
        if number:
            sound = filtered(sound, _response(machine, number, len(sound), sample_rate, seed))
        if gain_db:
            sound = sound * np.float32(from_db(gain_db))
        return np.clip(sound, -1, 1) if number or gain_db else sound

    def fault(self, machine: Machine, night: int) -> tuple[str, float] | None:
        """Kind and severity in dB of the fault that grows in a machine, where one has begun; the last one counts."""
        found = None
        for one in self.faults:
            is_own = (one.machine_type, one.machine_id) == (machine.machine_type, machine.machine_id)
            if is_own and (severity := one.severity_db(night)) is not None:
                found = one.kind, severity
        return found

    def words(self, machine: Machine, night: int) -> str:
        """The changes of gain and microphone that hold in a night, for people; "" for none."""
        number, gain_db = self._microphone(machine, night), self._gain_db(night)
        return "; ".join([f"gain {gain_db:+g} dB"] * bool(gain_db) + [f"microphone {number + 1}"] * bool(number))

    def _gain_db(self, night: int) -> float:
        return sum(one.gain_db for one in self.gains if one.night <= night)

    def _microphone(self, machine: Machine, night: int) -> int:
        """The number of new microphones that a machine has had up to a night."""
        own = machine.machine_type, machine.machine_id
        return sum(one.night <= night for one in self.microphones if (one.machine_type, one.machine_id) == own)


def _response(machine: Machine, number: int, count: int, sample_rate: int, seed: int) -> Samples:
    """Gain of a machine's ``number``-th new microphone: humps and dips of up to 6 dB, and up to 3 dB on the whole."""
    rng = _rng(machine, seed, b"microphone", number)
    octave = np.log2(np.maximum(frequencies(count, sample_rate), 20.0))
    gain_db = np.full_like(octave, rng.uniform(-3, 3))
    for _ in range(_HUMPS):
        centre, height_db, width = np.log2(rng.uniform(100, 6000)), rng.uniform(-6, 6), rng.uniform(0.3, 1.0)
        gain_db += height_db * np.exp(-0.5 * ((octave - centre) / width) ** 2)
    return np.asarray(10 ** (gain_db / 20), np.float32)


def _rng(machine: Machine, seed: int, what: bytes, number: int = 0) -> np.random.Generator:
    key = [seed, zlib.crc32(machine.machine_type.encode()), int(machine.machine_id), zlib.crc32(what), number]
    return np.random.default_rng(key)
