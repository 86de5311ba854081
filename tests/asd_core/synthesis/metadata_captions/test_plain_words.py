import pytest

from asd_core.synthesis.metadata_captions.plain_words import plain_words, words_of_name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("31V", "31V"),
        ("-0.08", "-0.08"),
        ("a\tb\r\nc", "a b c"),
        ("<img src=x onerror=alert(1)>", "img src x onerror alert 1"),
        ("... - --", ""),
        ("\u200bzero\u202ewidth", "zero width"),
        ("\udcff\x00\x1b[31m", "31m"),
        ("ポンプ 3", "ポンプ 3"),
    ],
)
def test_only_words_are_kept(text, words):
    assert plain_words(text) == words


def test_words_that_do_not_fit_are_left_out_and_a_single_one_is_cut():
    assert plain_words("one two three", longest=8) == "one two"
    assert plain_words("x" * 100, longest=8) == "x" * 8


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("HairDryer", "hair dryer"),
        ("3DPrinter", "3D printer"),
        ("hydraulic_press-2", "hydraulic press 2"),
        ("CNC_mill", "CNC mill"),
        ("pump", "pump"),
        ("", ""),
    ],
)
def test_a_name_becomes_words(name, words):
    assert words_of_name(name) == words
