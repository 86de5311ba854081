import os
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asd_core.audio.differences import NO_DIFFERENCE, describe_difference
from asd_core.audio.measures import measure
from asd_core.errors import AsdError
from asd_core.synthesis.fleet.machine import MACHINE_TYPES, build_machine, healthy_sound
from tests.known_changes import healthy
from tests.known_changes import normals as known_normals
from tests.known_differences import KNOWN

RATE = 16000
TIME = np.arange(10 * RATE) / RATE


def noise(seed=0, level=0.05):
    return (level * np.random.default_rng(seed).standard_normal(TIME.size)).astype(np.float32)


NORMALS = [measure(noise(seed), RATE) for seed in range(1, 5)]


def text(clip, normals=NORMALS):
    return describe_difference(measure(clip.astype(np.float32), RATE), normals).text


@pytest.mark.parametrize("seed", [1, 20, 30])
def test_a_clip_like_the_normals_has_no_clear_difference(seed):
    difference = describe_difference(measure(noise(seed), RATE), NORMALS)
    assert (difference.text, difference.findings) == (NO_DIFFERENCE, ())


def test_a_gain_is_stated_as_level_alone():
    assert text(noise() * 10 ** (3.2 / 20)) == "3.2 dB louder overall"
    assert text(noise() * 10 ** (-6 / 20)) == "6.0 dB quieter overall"


def test_a_new_tone_is_stated_with_its_frequency_and_prominence():
    clip = noise() + 0.03 * np.sin(2 * np.pi * 1240.3 * TIME)
    prominence = measure(clip.astype(np.float32), RATE).tones[0].prominence
    assert f"a new tone at 1.24 kHz, {prominence:.0f} dB above its surroundings" in text(clip)


def test_a_tone_that_every_normal_has_is_missed_when_gone_and_not_mentioned_when_there():
    hum = 0.05 * np.sin(2 * np.pi * 300 * TIME)
    normals = [measure((noise(seed) + hum).astype(np.float32), RATE) for seed in range(1, 5)]
    assert "the normal tone at 300 Hz is gone" in text(noise(), normals)
    assert "tone" not in text(noise() + hum, normals)


def test_sidebands_of_a_tone_are_not_tones_of_their_own():
    clip = noise() + 0.05 * np.sin(2 * np.pi * 1240 * TIME) * (1 + 0.6 * np.sin(2 * np.pi * 8 * TIME))
    assert text(clip).count("tone") == 1


def test_a_stronger_band_is_stated_with_its_change():
    spectrum, frequencies = np.fft.rfft(noise()), np.fft.rfftfreq(TIME.size, 1 / RATE)
    louder = np.where((frequencies >= 500) & (frequencies < 1000), spectrum * 10 ** (9 / 20), spectrum)
    assert "500 Hz–1 kHz stronger by 9 dB" in text(np.fft.irfft(louder))


def test_modulation_is_stated_with_rate_and_depth():
    assert text(noise() * (1 + 0.5 * np.cos(2 * np.pi * 8 * TIME))).startswith("swells 8.0 times per second by 50 %")


def test_a_changed_rate_of_the_same_depth_is_stated():
    normals = [measure((noise(s) * (1 + 0.5 * np.cos(16 * np.pi * TIME))).astype(np.float32), RATE) for s in (1, 2)]
    clip = noise() * (1 + 0.5 * np.cos(24 * np.pi * TIME))
    assert text(clip, normals) == "swells 12.0 times per second against 8.0"


def test_impulses_are_stated_against_those_of_the_normals():
    clip = noise()
    clip[1600::3200] += 1.0
    assert "impulses 5.0 per second against 0.0" in text(clip)


def test_a_finding_lies_outside_the_normals_own_spread_and_the_furthest_comes_first():
    quiet_and_loud = [measure(noise(1, level), RATE) for level in (0.01, 0.1)]
    assert "overall" not in text(noise(2, 0.1), quiet_and_loud)
    clip = 3 * noise() + 0.3 * np.sin(2 * np.pi * 500 * TIME)
    findings = describe_difference(measure(clip.astype(np.float32), RATE), NORMALS).findings
    deviations = [finding.deviation for finding in findings]
    assert deviations == sorted(deviations, reverse=True)
    assert min(deviations) > 1


def test_the_text_holds_six_statements_and_counts_the_rest():
    tones = sum(0.1 * np.sin(2 * np.pi * f * TIME) for f in (90, 300, 800, 1700, 3100, 5000, 7000))
    difference = describe_difference(measure((noise() + tones).astype(np.float32), RATE), NORMALS)
    assert len(difference.findings) > 6
    assert difference.text.endswith(f"; and {len(difference.findings) - 6} lesser differences")


def test_silence_and_very_short_clips_are_described():
    assert "quieter overall" in text(np.zeros(RATE))
    assert "nan" not in text(noise()[:3])


def test_normals_of_another_sample_rate_are_compared_in_the_bands_they_share():
    # As dense a noise up to 6 kHz only: every shared band is as loud, the whole is 10 log10(8 / 6) dB quieter.
    normal = measure(noise(1, 0.05 * (6 / 8) ** 0.5), 12000)
    assert text(noise(), [normal]) in ("1.2 dB louder overall", "1.3 dB louder overall")


def test_no_normal_clip_is_refused_with_what_to_do():
    with pytest.raises(AsdError, match="at least one"):
        describe_difference(NORMALS[0], [])


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_known_difference_has_its_sentence_with_its_figures_and_no_other(known, seed):
    sound = known.make(healthy(seed), np.random.default_rng(seed)).astype(np.float32)
    statements = [found.statement for found in describe_difference(measure(sound, RATE), known_normals()).findings]
    others = [statement for statement in statements if not known.is_named_by(statement)]
    assert len(statements) - len(others) == 1, statements
    assert not [other for other in others if not any(re.fullmatch(pattern, other) for pattern in known.also)]


def test_the_page_lists_every_known_difference_with_its_sentence():
    page = Path("docs/captions.md").read_text()
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", page, re.MULTILINE))
    assert len(KNOWN) >= 24
    for known in KNOWN:
        assert known.is_named_by(rows[known.name]), known.name


def said_of_each(measures):
    """Statements on each clip against the five others that are nearest in their bands."""
    for clip in measures:
        others = sorted((other for other in measures if other is not clip), key=lambda other: distance(clip, other))
        yield clip, others[:5], describe_difference(clip, others[:5]).findings


def distance(one, other):
    return sum((a.level - b.level) ** 2 for a, b in zip(one.bands, other.bands, strict=True))


@pytest.mark.parametrize("machine_type", MACHINE_TYPES)
def test_nothing_is_said_of_240_healthy_clips_of_simulated_machines(machine_type):
    for index in range(2):
        machine = build_machine(machine_type, index, seed=0)
        nights = [np.random.default_rng(number // 4) for number in range(24)]
        sounds = [healthy_sound(machine, TIME.size, RATE, nights[n], np.random.default_rng(99 + n)) for n in range(24)]
        assert [found for *_, found in said_of_each([measure(sound, RATE) for sound in sounds]) if found] == []


def real_normals():
    """Measures and files of the normal clips of each real machine that has many."""
    folders = ("dcase2020_slider_test/test", "dcase2020_task2_dev_subset/slider/train")
    files = [path for name in folders for path in (Path(os.environ["ASD_REAL_DATA"]) / name).glob("normal_id_*")]
    machines = defaultdict(list)
    for path in sorted(files):
        machines[path.name[10:12]].append(path)
    return {name: paths[:80] for name, paths in machines.items()}


def stands_out(path, hertz):
    """Density of a recording around a frequency over that of the octave around it, in dB: a slow twin of a tone."""
    sound, rate = soundfile.read(path, dtype="float64")
    power, frequencies = np.abs(np.fft.rfft(sound * np.hanning(sound.size))) ** 2, np.fft.rfftfreq(sound.size, 1 / rate)
    near, octave = np.abs(frequencies / hertz - 1) < 0.01, np.abs(np.log2(np.maximum(frequencies, 1) / hertz)) < 0.5
    return 10 * np.log10(power[near].mean() / np.median(power[octave]))


@pytest.mark.skipif("ASD_REAL_DATA" not in os.environ, reason="ASD_REAL_DATA is not set")
def test_of_240_real_normal_clips_little_is_said_and_new_tones_can_be_seen_in_the_recording():
    spoken = clips = 0
    for paths in real_normals().values():
        measures = [measure(*soundfile.read(path, dtype="float32")) for path in paths]
        for clip, others, found in said_of_each(measures):
            clips, spoken = clips + 1, spoken + bool(found)
            path = paths[measures.index(clip)]
            for finding in found:
                if match := re.match(r"a new tone .*?at ([\d.]+) (k?)Hz", finding.statement):
                    hertz = float(match[1]) * (1000 if match[2] else 1)
                    usual = [stands_out(paths[measures.index(other)], hertz) for other in others]
                    assert stands_out(path, hertz) > max(usual) + 3, finding.statement
    assert clips >= 235 and spoken <= 0.12 * clips
