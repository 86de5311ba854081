import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.pages.night.alike import alike_blocks, kind_of
from asd_core.pages.night.scored_clip import scored_clip

TONE = "a new tone at 1.24 kHz, 11 dB above its surroundings"


def clips_of(make, *scores, **changes):
    """Clips of a machine with its median at 0.5 and its threshold at 1: an excess is twice the score, less 2."""
    ordered = sorted(scores, reverse=True)
    return [scored_clip(make.scored(str(at), score, **changes), "fan", 0.5, 45) for at, score in enumerate(ordered)]


def sizes(clips, **measured):
    return [len(block.clips) for block in alike_blocks(clips, {name[1:]: words for name, words in measured.items()})]


def test_five_nearly_equal_clips_are_one_block_and_an_odd_one_is_another(make):
    assert sizes(clips_of(make, 50, 51, 52, 51.5, 50.5)) == [5]
    assert sizes(clips_of(make, 5, 50, 51, 52, 50.5)) == [4, 1]
    assert sizes(clips_of(make, 90, 50, 51, 52, 50.5)) == [1, 4]


@pytest.mark.parametrize(("measured", "scores"), [({}, [52, 51, 50]), ({"0": [], "1": [TONE]}, [51, 52, 50])])
def test_the_worst_clip_of_a_measured_difference_stands_for_its_block(make, measured, scores):
    (block,) = alike_blocks(clips_of(make, 50, 52, 51), measured)
    assert [clip.anomaly_score for clip in block.clips] == scores


def test_equal_scores_of_other_differences_are_not_alike(make):
    clips = clips_of(make, 50, 50.1, 50.2, 50.3)
    hiss = "4–8 kHz stronger by 4 dB"
    assert sizes(clips, c0=[TONE], c1=[hiss], c2=[TONE, hiss], c3=[TONE]) == [3, 1]
    assert sizes(clips, c0=[TONE], c1=[TONE.replace("1.24", "3.1")]) == [3, 1]


def test_a_clip_of_which_no_difference_was_measured_goes_with_its_score(make):
    assert sizes(clips_of(make, 50, 50.1, 50.2), c0=[TONE], c1=[]) == [3]


def test_clips_above_and_below_the_threshold_are_never_alike(make):
    assert sizes(clips_of(make, 1.01, 0.99)) == [1, 1]


def test_clips_whose_distance_is_unknown_are_alike_only_if_equal(make):
    clips = [scored_clip(make.scored(str(at), score), "fan", None, 0) for at, score in enumerate((5, 5, 4.99))]
    assert sizes(clips) == [2, 1]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (TONE, ("a new tone at kHz, dB above its surroundings", (1240.0,))),
        ("2–4 kHz stronger by 4 dB", ("– kHz stronger by dB", (2000.0, 4000.0))),
        ("3.2 dB louder overall", ("dB louder overall", ())),
        ("a new tone at 1,200 Hz", ("a new tone at Hz", (1200.0,))),
    ],
)
def test_a_difference_is_its_words_and_its_frequencies(words, kind):
    assert kind_of(words) == kind


@given(st.lists(st.floats(0.1, 200), max_size=12))
def test_every_clip_is_in_one_block(make, scores):
    clips = clips_of(make, *scores)
    blocks = alike_blocks(clips, {})
    assert sorted(clip.clip_id for block in blocks for clip in block.clips) == sorted(clip.clip_id for clip in clips)
    worst = [block.shown.anomaly_score for block in blocks]
    assert worst == sorted(worst, reverse=True)
