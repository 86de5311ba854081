import pytest

from asd_core.readable import clip_name, readable, readable_lines, readable_uri


def test_an_address_is_decoded_for_reading():
    assert readable_uri("file:///plant/L%C3%BCfter%201.flac") == "file:///plant/Lüfter 1.flac"


def test_the_name_of_a_clip_may_hold_an_encoded_slash():
    assert clip_name("file:///plant/a%2Fb.flac") == "a/b.flac"


def test_bytes_that_are_no_utf8_are_shown_as_replaced():
    assert clip_name("file:///plant/%FF.flac") == "\ufffd.flac"


@pytest.mark.parametrize(("text", "shown"), [("a\nb\0", "a\\nb\\x00"), ("a\u202eb\ud800", "a\ufffdb\ufffd")])
def test_characters_that_cannot_be_seen_are_made_visible(text, shown):
    assert readable(text) == shown


def test_only_line_breaks_are_kept_of_what_cannot_be_seen():
    assert readable_lines("a\nb\r\0") == "a\nb\\r\\x00"
