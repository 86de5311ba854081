import numpy as np
import pytest

from asd_core.audio.impulses import impulse_rate
from asd_core.synthesis.fleet.faults import BEARING_ORDER, with_fault
from asd_core.synthesis.fleet.machine import build_machine, healthy_sound
from tests.known_changes import RATE, TIME, healthy, with_knocks


def white(seed=0):
    return (0.05 * np.random.default_rng(seed).standard_normal(TIME.size)).astype(np.float32)


@pytest.mark.parametrize("rate", [3.0, 7.3, 18.0, 33.0, 52.0, 71.0, 97.0, 120.0])
@pytest.mark.parametrize("swells", [0.0, 0.5])
def test_knocks_at_an_even_pace_have_its_rate_also_where_some_are_faint(rate, swells):
    found = impulse_rate(with_knocks(rate, swells=swells)(healthy(0), np.random.default_rng(0)), RATE)
    assert found == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize("index", range(4))
def test_a_bearing_of_a_gearbox_knocks_as_often_as_its_balls_pass(index):
    machine, rng = build_machine("gearbox", index, seed=0), np.random.default_rng(3)
    sound = healthy_sound(machine, TIME.size, RATE, np.random.default_rng(1), np.random.default_rng(4))
    faulty = with_fault(sound, "bearing", 12.0, machine, RATE, rng)
    assert impulse_rate(faulty, RATE) == pytest.approx(BEARING_ORDER * machine.speed, rel=0.01)
    assert impulse_rate(sound, RATE) < 2


@pytest.mark.parametrize("hertz", [400.0, 1500.0, 6500.0])
def test_knocks_are_found_in_the_band_where_they_ring(hertz):
    found = impulse_rate(with_knocks(40.0, hertz=hertz)(white(), np.random.default_rng(0)), RATE)
    assert found == pytest.approx(40.0, rel=0.02)


@pytest.mark.parametrize("rate", [1, 8, 15, 25, 30])
@pytest.mark.parametrize("depth", [0.5, 1.0])
def test_the_crests_of_a_swelling_are_no_impulses(rate, depth):
    assert impulse_rate(white() * (1 + depth * np.cos(2 * np.pi * rate * TIME)).astype(np.float32), RATE) < 0.3


@pytest.mark.parametrize("seed", range(3))
def test_bursts_at_no_regular_time_are_counted(seed):
    rng = np.random.default_rng(seed)
    moments = np.sort(rng.choice(np.arange(1, 99), 50, replace=False)) * 0.1 + rng.uniform(0, 0.07, 50)
    clip = white()
    clip[(moments * RATE).astype(int)] += 1.0
    assert impulse_rate(clip, RATE) == pytest.approx(5.0, abs=0.2)


@pytest.mark.parametrize("hertz", [50, 100, 440, 3000])
def test_a_tone_has_no_impulses(hertz):
    assert impulse_rate(white() + np.float32(0.1) * np.sin(2 * np.pi * hertz * TIME).astype(np.float32), RATE) == 0


@pytest.mark.parametrize("rate", [700, 2000, 8000, 22_050, 48_000, 96_000])
def test_any_sample_rate_will_do(rate):
    clip = (0.01 * np.random.default_rng(0).standard_normal(6 * rate)).astype(np.float32)
    clip[rate // 20 :: rate // 10] += 0.5
    assert impulse_rate(clip, rate) == pytest.approx(10.0 if rate >= 2000 else 0.0, abs=0.2)
