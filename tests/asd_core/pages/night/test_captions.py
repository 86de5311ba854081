import pytest

from asd_core.errors import AsdError
from asd_core.pages.night.captions import Shared, captioned_text, captions_by_clip


@pytest.fixture
def captions_of(make):
    """The captions of clip "a" among rows."""

    def captions_of_(*rows):
        return captions_by_clip(make.captions(*rows))["a"]

    return captions_of_


def test_the_methods_come_in_one_order_whatever_the_tables(captions_of, make):
    rows = [make.caption("a", method) for method in ("tags", "acoustic", "zero-shot", "text-decoder", "hybrid")]
    names = [caption.name for caption in captions_of(*rows).captions]
    assert names == ["Hybrid", "Text decoder", "Zero-shot", "Acoustic", "Classes of sound"]


def test_clips_are_told_apart_by_their_id(make):
    table = make.captions(make.caption("a"), make.caption("b"), make.caption("b", uri="file:///plant/a.flac"))
    assert {key: len(clip.captions) for key, clip in captions_by_clip(table).items()} == {"a": 1, "b": 1}


def test_a_caption_says_who_wrote_it_and_how_it_was_asked(captions_of, make):
    caption = captions_of(make.caption("a", attempts=3, unknown=1)).captions[0]
    assert caption.source == (
        "gpt at example.org, prompt paper+own-1, 3 attempts, 1 attempt of unknown outcome after a crash"
    )
    assert captions_of(make.caption("a", "acoustic", llm="")).captions[0].source.startswith("no LLM: measured against")
    assert captions_of(make.caption("a", "tags", llm="")).captions[0].source.startswith("no LLM: AudioSet classes")


def test_a_clip_that_was_not_captioned_has_the_reason(captions_of, make):
    failed = make.caption("a", difference_caption=None, error_reason="refused", error="the model declined")
    assert (captions_of(failed).captions[0].problem, captions_of(failed).text) == ("refused: the model declined", "")


def test_what_several_methods_rest_on_is_told_once_with_their_names(captions_of, make):
    clip = captions_of(*[make.caption("a", method) for method in ("hybrid", "text-decoder", "zero-shot")])
    assert [part.methods for part in clip.descriptions] == [("Hybrid", "Text decoder")]
    assert [part.methods for part in clip.similarities] == [("Hybrid", "Zero-shot")]
    assert clip.descriptions[0].content.normals[0] == ("file:///plant/normal_0.flac", "Sounds like a hum")


def test_what_differs_between_methods_is_told_of_each(captions_of, make):
    clip = captions_of(make.caption("a"), make.caption("a", "text-decoder", clip_caption="Sounds like rain"))
    assert [(part.content.clip, part.methods) for part in clip.descriptions] == [
        ("Sounds like a rattle", ("Hybrid",)),
        ("Sounds like rain", ("Text decoder",)),
    ]


def test_measurements_are_told_once(captions_of, make):
    measured, worded = make.caption("a", "acoustic", llm=""), make.caption("a", "acoustic")
    assert (captions_of(measured).is_measured, captions_of(measured).findings) == (True, ())
    assert (captions_of(worded).is_measured, captions_of(worded).findings) == (True, ("3.2 dB louder overall",))
    assert captions_of(make.caption("a")).is_measured is False
    assert captions_of(make.caption("a", "tags", llm="")).is_measured
    failed = make.caption("a", "acoustic", llm="", difference_caption=None, error_reason="unreadable")
    assert captions_of(failed).is_measured is False


def test_notes_are_told_once_and_random_weights_are_known_by_them(captions_of, make):
    clip = captions_of(
        make.caption("a", note="random weights (seed 0)"), make.caption("a", "zero-shot", note="two towers")
    )
    assert clip.notes == (Shared("random weights (seed 0)", ("Hybrid",)), Shared("two towers", ("Zero-shot",)))
    assert clip.is_random and not captions_of(make.caption("a")).is_random


def test_other_words_are_to_be_rated_anew(captions_of, make):
    keys = [
        captions_of(make.caption("a", **changes)).captions[0].rating_key
        for changes in ({}, {"difference_caption": "x"})
    ]
    assert keys[0] != keys[1]


def test_it_is_counted_how_many_flagged_clips_are_explained(make):
    failed = make.caption("b", difference_caption=None, error_reason="refused")
    captions = captions_by_clip(make.captions(make.caption("a"), failed))
    assert captioned_text(["a", "b", "c"], captions) == (
        "1 of 3 flagged clips has a caption, 1 could not be captioned, 1 was not asked about."
    )
    assert captioned_text(["a"], {}) == ""


def test_a_table_without_a_column_is_refused_by_its_name(make):
    with pytest.raises(AsdError, match="column prompt_hash is missing"):
        captions_by_clip(make.captions(make.caption("a")).drop_columns(["prompt_hash"]))
