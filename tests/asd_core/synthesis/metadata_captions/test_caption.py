import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.dcase import place
from asd_core.errors import UsageError
from asd_core.synthesis.metadata_captions.caption import (
    LONGEST_CAPTION,
    anomaly_caption,
    caption_of,
    caption_of_clip,
    swapped_caption,
)
from tests.asd_core.synthesis.metadata_captions.real_names import ALL, PAPER

HOSTILE = st.text(max_size=80) | st.sampled_from(
    ["normal", "a\nb", "\x00", "<script>alert(1)</script>", "x" * 5000, "\udcff", "\u202eevil", "{0.__class__}", "..."]
)
ATTRIBUTES = st.dictionaries(HOSTILE | st.sampled_from(["car", "mic", "", "g"]), HOSTILE, max_size=20)


def captioned(path: str) -> str:
    placed = place(path)
    return caption_of_clip(placed.machine_type, placed.attributes, placed.condition)


@pytest.mark.parametrize(("path", "caption"), ALL.items(), ids=ALL.keys())
def test_a_real_recording_has_this_caption(path, caption):
    assert captioned(path) == caption


def test_the_anomaly_caption_of_the_papers_target_is_made_by_swapping_one_word():
    normal = PAPER["grinder/train/section_00_source_train_normal_0000_grindstone_2_plate_2.wav"]

    assert anomaly_caption(normal) == (
        "This is the anomaly sound of a grinding machine with grindstones 2 and metal plates 2."
    )


@given(HOSTILE, ATTRIBUTES)
def test_the_captions_of_both_conditions_differ_by_exactly_one_word(machine_type, attributes):
    normal, anomalous = (caption_of(machine_type, attributes, each) for each in ("normal", "anomalous"))

    pairs = [pair for pair in zip(normal.split(" "), anomalous.split(" "), strict=True) if pair[0] != pair[1]]
    assert pairs == [("normal", "anomaly")]
    assert anomaly_caption(normal) == anomalous


@given(HOSTILE, ATTRIBUTES, st.sampled_from(["normal", "anomalous"]))
def test_a_swap_is_its_own_inverse(machine_type, attributes, condition):
    caption = caption_of(machine_type, attributes, condition)

    assert swapped_caption(swapped_caption(caption)) == caption != swapped_caption(caption)


@given(HOSTILE, ATTRIBUTES | HOSTILE, st.sampled_from(["normal", "anomalous"]))
def test_whatever_anybody_wrote_a_caption_is_one_short_line_of_plain_words(machine_type, attributes, condition):
    caption = (caption_of_clip if isinstance(attributes, str) else caption_of)(machine_type, attributes, condition)

    assert len(caption) <= LONGEST_CAPTION
    assert caption.isprintable()
    assert caption.encode()
    assert not set(caption) & set("<>&\"'`{}\\/=;")
    assert "  " not in caption


def test_any_machine_with_any_attributes_has_a_caption():
    caption = caption_of_clip("hydraulic_press", "load=very high;oil temperature=40 °C;new", "anomalous")

    assert caption == (
        "This is the anomaly sound of a hydraulic press with load very high and oil temperature 40 °C, labelled new."
    )


def test_only_the_word_of_the_condition_is_swapped():
    caption = caption_of("fan", {"load": "normal"}, "normal")

    assert anomaly_caption(caption) == "This is the anomaly sound of a fan with load normal."


@pytest.mark.parametrize("caption", ["", "A normal sound of a fan.", "This is the  normal sound of a fan."])
def test_no_other_sentence_is_swapped(caption):
    with pytest.raises(UsageError, match="is no caption"):
        swapped_caption(caption)


def test_an_anomalys_caption_is_not_made_of_an_anomalys():
    with pytest.raises(UsageError, match="already"):
        anomaly_caption(caption_of("fan", {}, "anomalous"))


def test_a_recording_of_unknown_condition_has_no_caption():
    with pytest.raises(UsageError, match="normal or anomalous, not ''"):
        caption_of("fan", {}, "")
