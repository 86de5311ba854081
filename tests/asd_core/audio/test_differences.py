import numpy as np
import pytest

from asd_core.audio.differences import NO_DIFFERENCE, describe_difference
from asd_core.audio.measures import measure
from asd_core.errors import AsdError

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
    tones = sum(0.1 * np.sin(2 * np.pi * f * TIME) for f in (90, 300, 800, 1700, 5000))
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
