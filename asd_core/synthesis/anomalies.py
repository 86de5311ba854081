"""Faults put into real recordings of healthy machines, each by its amount in physical units.

Every function takes (T,) float32 samples and returns as many, and does nothing else; all randomness comes from the
generator it is given. "Own level" is the rms of the recording without its mean. Amounts hold for the fault itself,
before `within_full_scale` makes the sum fit.
"""

from __future__ import annotations

import numpy as np
import soxr

from asd_core.synthesis.signals import (
    Rng,
    Samples,
    bursts,
    filtered,
    frequencies,
    from_db,
    rattling,
    ringing,
    rms,
    shaped_noise,
    squealing,
    tones,
    unit_rms,
)

HUM_AMPLITUDES = (1.0, 0.5, 0.3, 0.2)  # amplitudes of the line and its harmonics
STALL_DROP_DB = 6.0  # level of a standing machine below its quietest moments
_KNOCK_DECAY = 0.004  # s
_FADE = 0.05  # s
_FRAME = 0.064  # s, in the search for the quietest moments
_LEAST_NOISE = 1e-6  # share of the recording's power that counts as noise where there is none around a line


def add_knocks(
    waveform: Samples, sample_rate: int, rng: Rng, *, peak_db: float, per_second: float, hertz: float
) -> Samples:
    """A struck resonance at a regular pace, give or take 1 %: a worn guide, a hammering valve.

    Args:
        waveform: (T,).
        sample_rate: Hz.
        rng: draws the moments.
        peak_db: of a knock, dB over the own level.
        per_second: knocks.
        hertz: of the resonance; it falls by a factor of e in 4 ms.
    """
    seconds = len(waveform) / sample_rate
    starts = (np.arange(rng.random() * 0.5, seconds * per_second) / per_second).astype(np.float64)
    starts = starts + rng.normal(0, 0.01 / per_second, len(starts))
    knock = ringing(hertz, _KNOCK_DECAY, sample_rate)
    knock = knock * np.float32(own_level(waveform) * from_db(peak_db) / np.abs(knock).max())
    return waveform + bursts(starts, np.ones(len(starts)), knock, len(waveform), sample_rate)


def add_rattle(waveform: Samples, sample_rate: int, rng: Rng, *, level_db: float, per_second: float) -> Samples:
    """Bursts of noise at no regular time: a loose part.

    Args:
        waveform: (T,).
        sample_rate: Hz.
        rng: draws the bursts.
        level_db: rms of all bursts, dB against the own level.
        per_second: bursts, each fading by a factor of e in 12 ms.
    """
    added = unit_rms(rattling(per_second, len(waveform), sample_rate, rng))
    return waveform + added * np.float32(own_level(waveform) * from_db(level_db))


def add_squeal(waveform: Samples, sample_rate: int, rng: Rng, *, prominence_db: float, hertz: float) -> Samples:
    """A wavering tone and its two harmonics: a dry belt or rail.

    Args:
        waveform: (T,).
        sample_rate: Hz.
        rng: draws phases.
        prominence_db: power of the fundamental over the noise of the critical band around it (tone-to-noise ratio).
        hertz: of the fundamental.
    """
    amplitude = _line_amplitude(waveform, sample_rate, prominence_db, hertz)
    return waveform + amplitude * squealing(hertz, len(waveform), sample_rate, rng)


def add_hum(waveform: Samples, sample_rate: int, rng: Rng, *, prominence_db: float, hertz: float) -> Samples:
    """A steady tone and its harmonics at twice the mains' frequency: a winding, a transformer.

    Args:
        waveform: (T,).
        sample_rate: Hz.
        rng: draws phases.
        prominence_db: as in `add_squeal`.
        hertz: of the fundamental: 100 or 120.
    """
    turns = hertz * np.arange(len(waveform)) / sample_rate
    audible = HUM_AMPLITUDES[: int(0.45 * sample_rate / hertz)]
    amplitude = _line_amplitude(waveform, sample_rate, prominence_db, hertz)
    return waveform + amplitude * tones(turns, audible, rng)


def lose_band(waveform: Samples, sample_rate: int, *, loss_db: float, middle_hz: float) -> Samples:
    """Make one octave quieter and change nothing else: a covered microphone, a part that no longer moves.

    Args:
        waveform: (T,).
        sample_rate: Hz.
        loss_db: in the middle two thirds of the octave, from which it falls to 0 dB at the edges.
        middle_hz: of the octave.
    """
    octaves = np.log2(np.maximum(frequencies(len(waveform), sample_rate), 1e-3) / middle_hz)
    depth = np.clip((0.5 - np.abs(octaves)) * 6, 0, 1)  # the edges are a sixth of an octave wide
    gain = from_db(-loss_db) ** (0.5 - 0.5 * np.cos(np.pi * depth))
    return filtered(waveform, gain.astype(np.float32))


def stall(waveform: Samples, sample_rate: int, rng: Rng, *, share: float) -> Samples:
    """Make the machine stand still for a part of the recording.

    Steady noise remains, with the spectrum of the quietest tenth of the recording's frames, 6 dB lower. It comes and
    goes within 50 ms.

    Args:
        waveform: (T,).
        sample_rate: Hz.
        rng: draws the moment and the noise.
        share: of the recording, in (0, 1].
    """
    count = len(waveform)
    stalled = min(count, round(share * count))
    start = round(rng.random() * (count - stalled))
    background = _quiet_noise(waveform, sample_rate, rng) * np.float32(from_db(-STALL_DROP_DB))
    fade = max(1, min(round(_FADE * sample_rate), stalled // 2))
    since, until = np.arange(count) - start, start + stalled - np.arange(count)
    inside = np.minimum(since if start else fade, until if start + stalled < count else fade)
    standing = np.sin(0.5 * np.pi * np.clip(inside / fade, 0, 1)).astype(np.float32)  # squares add up to 1
    return np.asarray(np.sqrt(1 - standing**2) * waveform + standing * background)


def change_speed(waveform: Samples, sample_rate: int, *, ratio: float) -> Samples:
    """Run everything ``ratio`` times as fast, at a pitch as much higher: another load, a slipping belt.

    The echoes of the room move along, which a real change of speed would not do to them. A faster recording is filled
    up with its own beginning, cross-faded within 50 ms. A recording that overshoots full scale is scaled down to it.

    Args:
        waveform: (T,).
        sample_rate: Hz.
        ratio: above 0.5.
    """
    count = len(waveform)
    moved = soxr.resample(waveform, ratio * sample_rate, sample_rate, quality="HQ")
    if len(moved) < count:
        fade = min(round(_FADE * sample_rate), 2 * len(moved) - count)
        rising = np.sin(0.5 * np.pi * np.arange(fade) / fade).astype(np.float32)
        again = moved[: count - len(moved) + fade].copy()
        again[:fade] = rising * again[:fade] + np.sqrt(1 - rising**2) * moved[len(moved) - fade :]
        moved = np.concatenate([moved[: len(moved) - fade], again])
    moved = moved[:count]
    return np.asarray(moved * np.float32(min(1.0, _limit(waveform) / max(np.abs(moved).max(), 1e-12))), np.float32)


def change_level(waveform: Samples, *, decibels: float) -> Samples:
    """Make it louder by some decibels (quieter below 0); quieter by as many where louder would exceed full scale."""
    gain = from_db(decibels)
    too_loud = np.abs(waveform).max() * gain > _limit(waveform)
    return waveform * np.float32(1 / gain if too_loud else gain)


def within_full_scale(waveform: Samples, changed: Samples) -> tuple[Samples, float]:
    """Turn a change down until nothing exceeds full scale; the recording itself stays as loud as it was.

    Nothing is clipped, which would be another fault. The whole is not scaled down, which would change the level. The
    limit is 1, or the peak of the recording where a float file exceeds 1 already.

    Args:
        waveform: (T,), the recording.
        changed: (T,), with the fault.

    Returns:
        waveform + share · (changed − waveform), and the largest share in [0, 1] that fits: 1 for the whole change.
    """
    limit = _limit(waveform)
    over = np.abs(changed) > limit
    if not over.any():
        return changed, 1.0
    change = changed[over].astype(np.float64) - waveform[over]
    share = float(((limit - np.sign(change) * waveform[over]) / np.abs(change)).min())
    reduced = waveform + np.float32(share) * (changed - waveform)
    return np.clip(reduced, -limit, limit), share  # only rounding in the last bit is clipped


def own_level(waveform: Samples) -> float:
    """Rms without the mean."""
    return float(waveform.std(dtype=np.float64))


def _limit(waveform: Samples) -> float:
    return max(1.0, float(np.abs(waveform).max()))


def _line_amplitude(waveform: Samples, sample_rate: int, prominence_db: float, hertz: float) -> np.float32:
    """Amplitude of a sine with this prominence over the noise around it; the median ignores a line already there."""
    # Half a second to import, which most workers of a search do not need.
    from scipy.signal import welch

    from asd_core.audio.tones import critical_bandwidth

    length = min(len(waveform), sample_rate // 2)
    bins, density = welch(waveform, sample_rate, nperseg=length)
    width = critical_bandwidth(hertz)
    around = np.abs(bins - hertz) <= width / 2
    noise = float(np.median(density[around])) * width if around.any() else 0.0
    noise = max(noise, _LEAST_NOISE * own_level(waveform) ** 2)
    return np.float32(np.sqrt(2 * noise) * from_db(prominence_db))


def _quiet_noise(waveform: Samples, sample_rate: int, rng: Rng) -> Samples:
    """Steady noise with the level and spectrum of the quietest tenth of the frames."""
    length = min(len(waveform), max(2, round(_FRAME * sample_rate)))
    frames = np.lib.stride_tricks.sliding_window_view(waveform, length)[:: max(1, length // 2)]
    loudness = np.square(frames, dtype=np.float64).sum(axis=1)
    quietest = frames[np.argsort(loudness, kind="stable")[: max(1, len(frames) // 10)]]
    spectrum = np.sqrt(np.mean(np.abs(np.fft.rfft(quietest * np.hanning(length), axis=1)) ** 2, axis=0))
    shape = np.interp(frequencies(len(waveform), sample_rate), np.fft.rfftfreq(length, 1 / sample_rate), spectrum)
    return shaped_noise(shape.astype(np.float32), len(waveform), rng) * np.float32(rms(quietest))
