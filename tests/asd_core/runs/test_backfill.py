"""Clips of past nights that are left to explain, what they cost, and their captions."""

from dataclasses import replace

import pytest

from asd_core.captions.selection import CaptionOrder
from asd_core.captions.texts import PAPER_TEXTS
from asd_core.errors import AsdError, UsageError
from asd_core.llm.settings import LlmSettings, tokens_of
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.backfill import TYPICAL_ANSWER, Backlog, backfill, backlog, estimate, typical_prompt
from asd_core.runs.caption import CaptionRun
from asd_core.runs.score import score
from asd_core.store.tables import SCORES
from tests.fleet import KNN, NIGHTS, fitted, listed

MEASURED = CaptionOrder("acoustic")
EVERY_NIGHT = {"since": NIGHTS[0], "until": NIGHTS[2]}


@pytest.fixture
def store(tmp_path):
    """The last two nights of a fleet, scored one after the other."""
    archive, store = fitted(tmp_path, until=NIGHTS[0])
    for date in NIGHTS[1:]:
        score(store, KNN, listed(archive, date=date), LocalEngine())
    return store


def left(store, order=MEASURED, **which):
    return backlog(store, KNN, order, **{**EVERY_NIGHT, **which})


def test_the_flagged_clips_of_all_nights_are_left_the_latest_night_first(store):
    rows = left(store).rows
    flagged = sum(record["counts"]["flagged"] for record in store.runs("score"))
    assert len(rows) == flagged > 0
    assert rows["date"].to_pylist() == sorted(rows["date"].to_pylist(), reverse=True)


def test_a_limit_takes_the_first_and_a_machine_takes_its_own(store):
    every = left(store).rows
    assert left(store, limit=1).rows.equals(every.slice(0, 1))
    parts = [left(store, machines=[f"fan/{name}"]).rows for name in ("00", "01")]
    assert sum(map(len, parts)) == len(every) == len(left(store, machines=["fan"]).rows)


def test_the_highest_clips_are_taken_night_by_night(store):
    assert len(left(store, top=2).rows) == 2 * 2 * 2


def test_a_machine_without_a_clip_is_named(store):
    found = left(store, machines=["fan/00", "pump/7"])
    assert found.without_clips == ("pump/7",) and set(found.rows["machine_id"].to_pylist()) <= {"00"}


def test_a_backlog_that_is_explained_is_empty_and_counts_what_it_left_out(store):
    first = left(store)
    counts = backfill(CaptionRun(store, KNN, MEASURED, LocalEngine()), first)
    assert counts["captioned"] == counts["asked"] == len(first.rows)
    again = left(store)
    assert (len(again.rows), again.explained) == (0, len(first.rows))
    assert backfill(CaptionRun(store, KNN, MEASURED, LocalEngine()), again)["explained"] == len(first.rows)
    assert len(left(store, replace(MEASURED, asks_again=True)).rows) == len(first.rows)


@pytest.mark.parametrize(
    ("nights", "message"),
    [
        ({"until": None}, "name the nights by --since and --until, or take --undated"),
        ({"since": NIGHTS[2], "until": NIGHTS[0]}, "--since 2026-11-03 is after --until 2026-11-01: exchange them"),
        ({"since": "yesterday"}, "'yesterday' is no date"),
    ],
)
def test_nights_that_cannot_be_are_refused(store, nights, message):
    with pytest.raises(UsageError, match=message):
        left(store, **nights)


def test_nights_that_nobody_scored_are_said(store):
    with pytest.raises(AsdError, match="nothing is scored for twfr-knn-.* from 2020-01-01 to 2020-01-02 or undated"):
        left(store, since="2020-01-01", until="2020-01-02", undated=True)


def test_an_estimate_is_of_typical_prompts_and_answers_at_the_prices_of_the_language_model(store):
    found, llm = left(store), LlmSettings(usd_per_million_input=1.0, usd_per_million_output=2.0)
    costs = estimate(KNN, found, CaptionOrder("acoustic", llm.name), llm)
    prompt = tokens_of(typical_prompt("acoustic", (), 4))
    assert costs["tokens"] == len(found.rows) * (prompt + TYPICAL_ANSWER)
    assert costs["usd"] == pytest.approx(len(found.rows) * (prompt + 2 * TYPICAL_ANSWER) / 1e6)
    free = estimate(KNN, found, MEASURED, None)
    assert (free["asked"], free["tokens"], free["usd"]) == (len(found.rows), 0, 0.0)


def test_an_estimate_refuses_what_the_captions_would_refuse():
    with pytest.raises(UsageError, match="need MS-CLAP"):
        estimate(KNN, Backlog(SCORES.empty_table(), 0, ()), CaptionOrder("hybrid", "llm"), LlmSettings())


@pytest.mark.parametrize("method", ["text-decoder", "zero-shot", "hybrid", "acoustic"])
def test_a_typical_prompt_grows_with_what_it_holds(method):
    lengths = [len(typical_prompt(method, PAPER_TEXTS, k)) for k in (1, 5)]
    assert lengths[0] < lengths[1] or (method == "acoustic" and lengths[0] == lengths[1])
