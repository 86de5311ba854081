from hypothesis import given
from hypothesis import strategies as st

from asd_core.store.layout import dated_name, digest_in, may_hold, name_of, safe_name, span_in, words_of


def test_any_word_becomes_one_file_name():
    for word in ["../../etc", "a/b", "..", "", "<script>", "new\nline", "ü", "\udc80", "\udc80" * 80]:
        name = safe_name(word)
        assert "/" not in name and name not in ("", ".", "..")
    assert safe_name("fan 07") == "fan 07"


def test_a_name_gives_its_word_back():
    words = ["", "a/b", ".x", "fan 07", "ü", "a,b", "%"]
    assert words_of(f"folder/{name_of(*words)}") == words
    assert not any("," in safe_name(word) for word in words)


DATES = st.lists(st.dates().map(str) | st.just("undated"), min_size=1)


@given(DATES)
def test_a_name_tells_the_first_and_the_last_date(dates):
    path = f"folder/{dated_name(dates, '0af3')}"
    assert span_in(path) == (min(dates), max(dates)) and digest_in(path) == "0af3"


@given(DATES, DATES)
def test_a_file_that_holds_a_date_is_never_passed_over(dates, wanted):
    span = span_in(dated_name(dates, "0"))
    assert may_hold(span, wanted) or not set(dates) & set(wanted)
    assert may_hold(span, None) and may_hold(None, wanted)


def test_a_file_of_other_dates_is_passed_over_and_one_without_dates_never():
    assert not may_hold(("2026-11-01", "2026-11-02"), ["2026-11-03"]) and may_hold(span_in("folder/0af3.parquet"), [])
    assert may_hold(("undated", "undated"), ["2026-11-03"]) and may_hold(("2026-11-01", "2026-11-02"), ["undated"])
    assert digest_in("folder/0af3.parquet") == "0af3"
