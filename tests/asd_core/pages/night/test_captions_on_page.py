import re

import pytest

from asd_core.pages.night import write_report
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pages.outline import EVIL, Outline

METHODS = ("hybrid", "text-decoder", "zero-shot", "acoustic")


@pytest.fixture
def page(tmp_path, make):
    """The page of clip "a", flagged, and of "n", which is not, with these captions."""

    def page_(*rows, read_audio=None, clips=None, machine=("fan", "id_00"), **options):
        clips = clips or [make.scored("a", 2.0, machine), make.scored("n", 0.1, machine)]
        night = make.night(clips, [make.record(machine)], captions=make.captions(*rows))
        path = write_report(night, LocalFiles(tmp_path), "r", read_audio, **options)
        return Outline((tmp_path / path).read_text("utf-8"))

    return page_


def test_a_flagged_clip_has_the_captions_of_all_methods_and_what_they_rest_on(page, make):
    text = page(*[make.caption("a", method) for method in METHODS]).text
    assert "1 of 1 flagged clip has a caption." in text
    for words in (
        "Hybrid: This sound is told by hybrid. gpt at example.org, prompt paper+own-1",
        "Zero-shot: This sound is told by zero-shot.",
        "This clip Sounds like a rattle Normal normal_0.flac Sounds like a hum Normal normal_1.flac Sounds like a fan",
        "Vibration 0.300 ▲ , above the normal clips 0.100 to 0.200",
        "Grinding Sounds 0.150 0.100 to 0.200",
        "Unexpected Silence −0.100 ▼ , below the normal clips 0.000 to 0.100",
        "What was measured 3.2 dB louder overall",
        "Hybrid: the prompt Please.",
    ):
        assert words in text


def test_a_night_without_captions_has_no_word_of_them(page):
    shown = page()
    assert "Rate the captions" not in shown.text and "Difference caption" not in shown.text
    assert not shown.named("fieldset")


def test_warnings_errors_and_notes_are_told(page, make):
    text = page(
        make.caption(
            "a",
            warning="kept although: the answer has 52 words; it must be finished within 40",
            note="two audio towers",
        ),
        make.caption("a", "zero-shot", difference_caption=None, error_reason="refused", error="declined"),
    ).text
    assert "Warning: kept although: the answer has 52 words" in text
    assert "Zero-shot: not captioned: refused: declined" in text
    assert "two audio towers" in text


def test_random_weights_are_told_at_the_top_and_at_the_clip(page, make):
    text = page(make.caption("a", note="random weights (seed 0)")).text
    assert "Captions not to be trusted. The captions of 1 clip come from random weights" in text
    assert "random weights (seed 0)" in text


def test_the_pages_own_measurements_stand_beside_a_caption_that_has_none(page, make):
    louder = "Measured against its nearest normal clips: "
    assert louder in page(make.caption("a"), read_audio=make.read_audio).text
    assert louder not in page(make.caption("a", "acoustic", llm=""), read_audio=make.read_audio).text


def test_a_captioned_clip_that_is_not_flagged_is_shown_too(page, make):
    shown = page(make.caption("n"), read_audio=make.read_audio)
    assert "n.flac not flagged" in shown.text and "Clip n.flac" in shown.text
    assert "0 of 1 flagged clip have a caption, 1 was not asked about." in shown.text
    assert len(shown.named("article")) == 2


def test_clips_without_media_have_their_caption_in_the_table(page, make):
    clips = [make.scored(name, 2.0) for name in "ab"]
    shown = page(make.caption("b"), make.caption("n"), clips=[*clips, make.scored("n", 0.1)], media_limit=1)
    assert "1 further flagged clip, without media" in shown.text
    assert "Difference caption b.flac" in shown.text and "This sound is told by hybrid." in shown.text
    assert "1 further captioned clip of this machine that was not flagged is in the captions table." in shown.text


def test_a_caption_of_other_bytes_at_the_same_address_is_not_shown(page, make):
    assert "told by" not in page(make.caption("older", uri="file:///plant/a.flac")).text


def test_text_of_decoders_models_and_files_is_text_everywhere(page, make):
    evil = "</p><script>alert(1)</script><img src=x onerror=alert(2)>\n\u202e=1+1"
    fields = ("difference_caption", "clip_caption", "llm", "prompt_version", "prompt", "warning", "note")
    rows = [
        make.caption("a", method, EVIL, **dict.fromkeys(fields, evil), texts=[evil] * 3, normal_captions=[evil] * 2)
        | {"normal_uris": [f"file:///{evil}"] * 2, "findings": [evil]}
        for method in METHODS
    ]
    rows.append(make.caption("a", "hybrid", EVIL, difference_caption=None, error_reason=evil, error=evil, llm="b"))
    shown = page(*rows, make.caption("a", machine=EVIL, llm="c") | {"method": evil}, machine=EVIL)
    assert len(shown.named("script")) == 1 and not shown.named("img")
    assert not [attributes for _, attributes in shown.elements if any(key.startswith("on") for key in attributes)]
    assert "\u202e" not in shown.text and "<script>alert(1)</script>" in shown.text
    assert all(re.fullmatch(r"[a-z0-9-]+", attributes["id"]) for _, attributes in shown.elements if "id" in attributes)


def test_ids_are_unique_headings_in_order_and_descriptions_found(page, make):
    shown = page(*[make.caption("a", method) for method in METHODS], make.caption("n"), make.caption("n"))
    ids = [attributes["id"] for _, attributes in shown.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    described = [a["aria-describedby"] for a in shown.named("fieldset")]
    assert len(described) == 5 and set(described) <= set(ids)
    levels = [int(tag[1]) for tag, _ in shown.elements if re.fullmatch(r"h\d", tag)]
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
