import pytest

from asd_core.report import words


def test_an_address_is_decoded_for_reading():
    assert words.readable_uri("file:///plant/L%C3%BCfter%201.flac") == "file:///plant/Lüfter 1.flac"


def test_the_name_of_a_clip_may_hold_an_encoded_slash():
    assert words.clip_name("file:///plant/a%2Fb.flac") == "a/b.flac"


def test_bytes_that_are_no_utf8_are_shown_as_replaced():
    assert words.clip_name("file:///plant/%FF.flac") == "\ufffd.flac"


@pytest.mark.parametrize(("text", "shown"), [("a\nb\0", "a\\nb\\x00"), ("a\u202eb\ud800", "a\ufffdb\ufffd")])
def test_characters_that_cannot_be_seen_are_made_visible(text, shown):
    assert words.readable(text) == shown


def test_names_that_read_alike_joined_have_different_hashes():
    assert words.name_hash("a b", "c") != words.name_hash("a", "b c")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (float("nan"), "–"), (2.91, "2.910"), (-0.5, "−0.5000"), (123456.7, "123,457"), (1e9, "1.000e+09")],
)
def test_a_figure_has_four_digits(value, text):
    assert words.figure(value) == text


def test_one_clip_is_singular():
    assert [words.counted(n, "clip") for n in (0, 1, 1200)] == ["0 clips", "1 clip", "1,200 clips"]


def test_a_cosine_has_three_decimals():
    assert [words.cosine(value) for value in (0.12345, -0.2)] == ["0.123", "−0.200"]


def test_only_line_breaks_are_kept_of_what_cannot_be_seen():
    assert words.readable_lines("a\nb\r\0") == "a\nb\\r\\x00"
