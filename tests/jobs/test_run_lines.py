from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from asd_core.runs.run_lists import PastRun
from jobs.console import printable
from jobs.run_lines import list_text, record_text

RUN = PastRun("nightly-1", "nightly", "fleet-1", "2026-11-18", "2026-11-19", "2026-11-20T05:31:00", 90.0, {"listed": 4})
RECORD = {
    "run_id": "nightly-1",
    "job": "nightly",
    "key": "fleet-1",
    "dates": ["2026-11-18", "2026-11-19"],
    "committed_at": "2026-11-20T05:31:00+00:00",
    "started_at": "2026-11-20T05:30:00+00:00",
    "counts": {"listed": 4, "errors": 2, "errors_by_reason": {"empty": 2}},
    "seconds": {"embed": 1.5},
    "libraries": {"numpy": "1.26"},
    "recipe": {"name": "fleet", "settings": {"detector": {"kind": "knn", "k": 4}}},
    "score_files": {f"scores/{number}": "h" for number in range(7)},
    "notes": ["a\nnote\x1b[31m"],
    "failed_machines": {},
}


def test_a_run_is_a_line_and_those_left_out_are_counted():
    head, line, more = list_text([RUN], 3).splitlines()
    assert head.split()[0] == "run" and "2026-11-18 to 2026-11-19" in line and line.endswith("1 min  listed 4")
    assert more == "  and 3 earlier: --limit 4 lists them too" and list_text([], 0) == "no run of that kind"


def test_a_record_is_told_line_by_line():
    lines = record_text(RECORD, ["scores/3"]).splitlines()
    assert "dates      2026-11-18 to 2026-11-19 (2)" in lines and "took       1 min" in lines
    assert "counts     listed 4, errors 2; errors_by_reason: 2 empty" in lines
    assert "settings   detector.k = 4" in lines and "libraries  numpy 1.26" in lines
    assert "files      7 scores: scores/0, scores/1, scores/2, scores/3, scores/4 and 2 more" in lines
    assert lines[-1] == "gone       1: scores/3"


def test_hostile_words_stay_on_their_line():
    text = record_text(RECORD | {"job": "x\ny", "evil\n": "\u202e"}, None)
    assert (
        "job        x\\ny" in text and "\x1b" not in text and "\u202e" not in text and 'notes      ["a\\nnote' in text
    )


def test_a_value_without_an_end_is_cut():
    assert max(map(len, record_text(RECORD | {"best": {"a": "x" * 5000}}, None).splitlines())) < 220


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FREE = ("libraries", "started_at", "page", "left_out", "anything")
COUNTS = st.dictionaries(st.sampled_from(["listed", "errors_by_reason", "x"]), JSON)


@given(st.dictionaries(st.sampled_from(FREE), JSON), COUNTS, st.dictionaries(st.text(max_size=5), JSON, max_size=2))
def test_any_record_that_a_store_takes_is_told_in_lines_that_can_be_read(values, counts, recipe):
    text = record_text(RECORD | values | {"counts": counts, "recipe": {"settings": recipe}}, [])
    assert all(line.isprintable() for line in printable(text, keep_newlines=True).split("\n"))
    told = printable(list_text([replace(RUN, counts=counts)], 0), keep_newlines=True)
    assert len(told.split("\n")) == 2
