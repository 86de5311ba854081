import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.captions.answers import check_answer
from asd_core.llm.verdicts import tidy

FORTY = "This sound is " + " ".join(["louder"] * 37)


@pytest.mark.parametrize(
    "answer",
    [
        "This sound is louder.",
        FORTY,
        '"This sound is louder."',
        "\u201cThis sound is louder.\u201d\n",
        "this sound is louder",
        "This sound is -3 dB <quieter & lower",
    ],
)
def test_an_answer_that_begins_and_ends_as_asked_is_fine(answer):
    assert check_answer(answer) is None


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("", "the answer is empty; it must be one sentence"),
        (' "" \n', "the answer is empty; it must be one sentence"),
        ("The sound is louder", 'the answer must begin with "This sound is"'),
        ("This sound isn't normal", 'the answer must begin with "This sound is"'),
        ("Sure! This sound is louder", 'the answer must begin with "This sound is"'),
        ("This sound is", 'the answer must begin with "This sound is"'),
        (FORTY + " now", "the answer has 41 words; it must be finished within 40"),
        ("This sound is " + "o" * 1000, "the answer has 1014 characters; it must have at most 1000"),
        ("This sound is louder.\n\n- hum", "the answer must be one line of plain text, without markup"),
        ("This sound is **louder**", "the answer must be one line of plain text, without markup"),
        ("This sound is <b>louder</b>", "the answer must be one line of plain text, without markup"),
    ],
)
def test_any_other_answer_has_a_complaint_that_says_what_must_be(answer, complaint):
    assert check_answer(answer) == complaint


def test_an_answer_is_kept_on_one_line_without_its_quotation_marks():
    assert tidy(' "This sound\n is\x07 louder." ') == "This sound is louder."


def test_what_could_be_active_elsewhere_is_kept_as_words():
    assert tidy("=1+1 <script>alert(1)</script>") == "=1+1 <script>alert(1)</script>"


def test_a_flood_of_words_is_cut_to_what_is_kept():
    assert (len(tidy("louder " * 10_000)), tidy("louder " * 10_000)[-1]) == (1000, "…")


@given(st.text())
def test_tidying_once_is_enough_and_loses_no_fine_answer(text):
    assert tidy(tidy(text)) == tidy(text)
    if check_answer(text) is None:
        assert check_answer(tidy(text)) is None
