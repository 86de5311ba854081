import numpy as np
import pytest

from asd_core.audio.measures import measure
from asd_core.audio.tone_differences import beats_of, in_words, of_their_own, tone_differences
from tests.known_changes import RATE, TIME, healthy, normals, swelling, with_tone


def clip_with(*changes):
    sound, rng = healthy(4), np.random.default_rng(4)
    for change in changes:
        sound = change(sound, rng)
    return measure(np.asarray(sound, np.float32), RATE)


def words(clip):
    return [finding.statement for finding in in_words(tone_differences(clip, normals(), 1.0))]


@pytest.mark.parametrize("wavers", [0.0, 0.01, 0.04])
def test_a_squeal_with_harmonics_is_one_sentence(wavers):
    (statement,) = words(clip_with(with_tone(1900, 0.03, 0.5, 0.4, wavers=wavers)))
    assert statement.startswith("a new tone at 1.9 kHz") and " with 2 harmonics, " in statement
    assert ("wavers" in statement) == (wavers > 0)


def test_the_distortion_of_a_pure_tone_is_not_counted_as_its_harmonics():
    pure = np.round(0.3 * np.sin(2 * np.pi * 1000 * TIME) * 2**15) / 2**15
    said = words(measure(pure.astype(np.float32), RATE))
    assert [statement for statement in said if statement.startswith("a new tone at 1 kHz, ")]


def test_a_beep_that_sounds_for_a_second_is_no_new_tone():
    beep = np.float32(0.05) * (np.sin(2 * np.pi * 1500 * TIME) * (TIME < 1)).astype(np.float32)
    assert words(measure(healthy(4) + beep, RATE)) == []


def test_sidebands_of_a_swelling_are_lines_of_its_comb_and_do_not_beat():
    clip = clip_with(swelling(20.0, 0.9))
    found = tone_differences(clip, normals(), 1.0)
    assert of_their_own(found, clip.tones, [20.0]) == []
    assert not any(abs(beat - 20.0) < 0.7 for beat in beats_of(found, clip.tones))


def test_a_new_tone_beats_with_its_neighbour():
    clip = clip_with(with_tone(100, 0.035))  # beside the machine's own at 117.6 Hz
    assert any(abs(beat - 17.6) < 0.3 for beat in beats_of(tone_differences(clip, normals(), 1.0), clip.tones))
