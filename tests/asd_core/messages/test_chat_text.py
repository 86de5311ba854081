from hypothesis import given, settings
from hypothesis import strategies as st

from asd_core.messages.chat_text import MOST_CHARACTERS, harmless, within_limit


@settings(max_examples=30)
@given(st.text())
def test_no_text_mentions_anybody_or_leads_anywhere(text):
    shown = harmless(text)
    assert not {"<", ">", "\n", "`"} & set(shown) and "](" not in shown and "://" not in shown
    assert all(shown[place + 1 : place + 2] == "\u200b" for place, letter in enumerate(shown) if letter == "@")
    assert "&" not in shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


def test_plain_words_stay():
    assert harmless("fan 01: New alarm, 1 in 100.") == "fan 01: New alarm, 1 in 100."


@settings(max_examples=30)
@given(st.lists(st.text(alphabet="a&<", max_size=2000).map(harmless), max_size=40), st.text(max_size=200))
def test_a_text_keeps_its_limit_and_its_last_line(lines, last):
    text = within_limit(lines, last)
    assert len(text) <= MOST_CHARACTERS and text.endswith(last)
    assert "&" not in text.removesuffix(last).replace("&amp;", "").replace("&lt;", "")


def test_lines_beyond_the_limit_are_counted():
    assert within_limit(["x" * 1000] * 10, "end").splitlines()[-2:] == ["... and 8 more lines", "end"]
    assert within_limit(["a", "b"], "end") == "a\nb\nend"
