"""Severity, seeds, and that nothing leaves full scale whatever the recording."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asd_core.audio.measures import AcousticMeasures, measure
from asd_core.errors import ClipError, UsageError
from asd_core.synthesis.fleet.machine import build_machine, healthy_sound
from asd_core.synthesis.severities import AMOUNTS, KINDS, draw_amounts, generator, simulate_anomaly
from asd_core.synthesis.signals import Samples

RATE, COUNT = 16000, 64000
SEVERITIES = (0.1, 0.4, 0.7, 1.0)


def recording() -> Samples:
    machine = build_machine("slider", 0, seed=0)
    return healthy_sound(machine, COUNT, RATE, np.random.default_rng(1), np.random.default_rng(2))


def made(kind: str, severity: float, seed: int = 0) -> Samples:
    return simulate_anomaly(recording(), kind, severity, RATE, generator(seed, kind, "a clip")).waveform


def distance(a: Samples, b: Samples) -> float:
    return float(np.sqrt(np.mean((a - b) ** 2)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_recording_is_changed_but_keeps_its_shape(kind: str) -> None:
    changed = made(kind, 0.5)
    assert changed.shape == (COUNT,) and changed.dtype == np.float32 and np.isfinite(changed).all()
    assert distance(changed, recording()) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_amounts_grow_with_severity_between_their_bounds(kind: str) -> None:
    name, least, most = AMOUNTS[kind]
    amounts = [draw_amounts(kind, severity, RATE, generator(0, kind))[name] for severity in (1e-9, *SEVERITIES)]
    if kind == "speed_change":
        amounts = [max(ratio, 1 / ratio) - 1 for ratio in amounts]
    sizes = np.abs(amounts) if kind == "level" else np.array(amounts)
    assert (np.diff(sizes) > 0).all() and sizes[[0, -1]] == pytest.approx([least, most], abs=1e-6)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "speed_change"])
def test_one_recording_only_grows_worse(kind: str) -> None:
    moved = [distance(made(kind, severity), recording()) for severity in SEVERITIES]
    assert (np.diff(moved) > 0).all()


GAUGES = {
    "knocks": lambda m: m.kurtosis,
    "rattle": lambda m: m.bands[-1].level,  # its bursts are white, the machine is dull
    "squeal": lambda m: m.tones[0].prominence,
    "hum": lambda m: m.bands[1].level,  # 62.5 to 125 Hz
    "stall": lambda m: -m.level,
}


@pytest.mark.parametrize("kind", GAUGES)
def test_an_independent_measure_sees_the_severity(kind: str) -> None:
    def gauge(measures: AcousticMeasures) -> float:
        return float(GAUGES[kind](measures))

    seen = [gauge(measure(made(kind, severity), RATE)) for severity in SEVERITIES]
    assert (np.diff(seen) > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_samples_and_another_gives_others(kind: str) -> None:
    np.testing.assert_array_equal(made(kind, 0.5), made(kind, 0.5))
    others = [made(kind, 0.5, seed) for seed in range(1, 6)]  # louder or quieter, 100 or 120 Hz: a coin each
    assert any(distance(other, made(kind, 0.5)) > 0 for other in others)


def test_another_process_draws_the_same() -> None:
    code = "from asd_core.synthesis.severities import generator; print(generator(3, 'hum', 'clip').random())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(told) == generator(3, "hum", "clip").random() != generator(3, "hum", "other").random()


@settings(max_examples=40)
@given(
    st.sampled_from(KINDS), st.floats(0.01, 1), st.integers(0, 99), st.floats(-60, 0), st.sampled_from((8000, 16000))
)
def test_nothing_exceeds_full_scale_whatever_the_recording(
    kind: str, severity: float, seed: int, peak_db: float, rate: int
) -> None:
    rng = np.random.default_rng(seed)
    sound = rng.standard_normal(rate).astype(np.float32) * np.sin(np.arange(rate) / 900).astype(np.float32)
    sound = np.clip(sound / np.abs(sound).max() * np.float32(10 ** (peak_db / 20)), -1, 1)
    anomaly = simulate_anomaly(sound, kind, severity, rate, rng)
    assert np.isfinite(anomaly.waveform).all() and np.abs(anomaly.waveform).max() <= 1
    assert 0 <= anomaly.share <= 1


def test_frequencies_stay_below_the_nyquist_frequency_of_slow_recordings() -> None:
    for seed in range(20):
        for kind in ("knocks", "squeal"):
            assert draw_amounts(kind, 1.0, 4000, generator(seed))["hertz"] <= 1600


def test_a_recording_too_short_for_a_fault_says_so() -> None:
    with pytest.raises(ClipError, match="too short for a fault") as caught:
        simulate_anomaly(recording()[:3000], "hum", 0.5, RATE, generator(0))
    assert caught.value.reason == "too_short"


def test_unknown_kinds_and_severities_are_refused_with_the_nearest_known() -> None:
    with pytest.raises(UsageError, match="did you mean 'squeal'|squeal"):
        draw_amounts("sqeal", 0.5, RATE, generator(0))
    for severity in (0.0, 1.1, float("nan")):
        with pytest.raises(UsageError, match="severity"):
            draw_amounts("hum", severity, RATE, generator(0))
