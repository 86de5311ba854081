from dataclasses import replace

import pyarrow as pa
import pytest

from asd_core.captions.selection import (
    CaptionOrder,
    PaidAnswers,
    Unexplained,
    by_machine_type,
    flagged,
    flagged_in,
    highest,
)
from asd_core.store.tables import CAPTIONS
from tests.asd_core.captions.squeals import squealing, squealing_night
from tests.fleet import KNN, NIGHTS

ASKED = CaptionOrder("acoustic", llm="echo at test")


@pytest.fixture
def scored(tmp_path):
    return squealing_night(tmp_path)


def test_the_highest_clips_of_each_machine_are_taken_flagged_or_not(scored):
    scores = scored[1].read_scores(scored[2])
    top = highest(scores, 3).to_pylist()
    assert [row["machine_id"] for row in top] == ["00"] * 3 + ["01"] * 3
    best = max(scores["anomaly_score"].to_pylist())
    assert max(row["anomaly_score"] for row in top) == best


def published(store, rows, order, **fields):
    """Publish captions of rows of scores."""
    blank = dict.fromkeys(CAPTIONS.names) | {"method": order.method, "llm": order.llm, "prompt_hash": "p"}
    blank |= {name: 0 for name in ("input_tokens", "output_tokens", "attempts", "unknown")}
    blank |= {"prompt": "", "prompt_version": "1"}
    names = ("clip_id", "uri", "machine_type", "machine_id", "date", "scorer_version")
    table = [blank | {name: row[name] for name in names} | fields for row in rows.to_pylist()]
    path, checksum = store.write_captions(KNN.key(), pa.Table.from_pylist(table, CAPTIONS))
    record = {
        "run_id": f"caption-{checksum[:8]}",
        "job": "caption",
        "key": KNN.key(),
        "caption_files": {path: checksum},
    }
    record |= {"dates": [NIGHTS[2]], "method": order.method, "llm": order.llm, "committed_at": "2026-11-04"}
    store.commit_run(record)


def test_a_clip_is_taken_once_however_often_it_is_added(scored):
    unexplained, rows = Unexplained(scored[1], KNN.key(), ASKED), squealing(scored)
    assert unexplained.of(rows).equals(rows)
    assert len(unexplained.of(rows)) == 0 == unexplained.explained


@pytest.mark.parametrize(("reason", "is_done"), [(None, True), ("llm_refused", True), ("llm_failed", False)])
def test_clips_are_left_out_that_were_explained_or_that_the_language_model_refuses(scored, reason, is_done):
    rows = squealing(scored)
    published(scored[1], rows, ASKED, error_reason=reason)
    unexplained = Unexplained(scored[1], KNN.key(), ASKED)
    assert len(unexplained.of(rows)) == (0 if is_done else len(rows))
    assert unexplained.explained == (len(rows) if is_done else 0)


@pytest.mark.parametrize("other", [CaptionOrder("acoustic"), CaptionOrder("hybrid", "echo at test")])
def test_captions_of_another_method_or_language_model_explain_nothing(scored, other):
    rows = squealing(scored)
    published(scored[1], rows, other)
    assert len(Unexplained(scored[1], KNN.key(), ASKED).of(rows)) == len(rows)


def test_who_asks_again_takes_clips_that_are_explained_already(scored):
    rows = squealing(scored)
    published(scored[1], rows, ASKED)
    assert len(Unexplained(scored[1], KNN.key(), replace(ASKED, asks_again=True)).of(rows)) == len(rows)


def test_an_answer_that_was_paid_for_is_found_by_its_clip_and_prompt(scored):
    rows = squealing(scored)
    published(scored[1], rows, ASKED, difference_caption="This sound is shrill.", warning="long")
    paid, clip = PaidAnswers(scored[1], ASKED), rows["clip_id"][0].as_py()
    assert paid.find(clip, "p") is None
    paid.read([NIGHTS[2]])
    assert paid.find(clip, "p") == {"difference_caption": "This sound is shrill.", "warning": "long"}
    assert paid.find(clip, "another prompt") is None


def test_flagged_rows_are_those_of_the_flag_and_of_one_machine_type_at_a_time(scored):
    record = scored[2]
    assert flagged_in(scored[1], record["score_files"]).num_rows == record["counts"]["flagged"]
    (part,) = by_machine_type(flagged(scored[1].read_scores(record)))
    assert set(part["is_flagged"].to_pylist()) == {True}
