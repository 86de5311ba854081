import numpy as np
import pytest

from asd_core.audio.measures import measure
from asd_core.captions.class_changes import NO_CHANGE
from asd_core.captions.evidence import CaptionEvidence
from asd_core.captions.prompts import PROMPT_VERSION
from asd_core.captions.rows import (
    MEASURED_VERSION,
    TAGGED_VERSION,
    answered,
    caption_counts,
    caption_row,
    captions_table,
    prompt_of,
)
from asd_core.captions.selection import CaptionOrder
from asd_core.encoders.efficientat.class_names import class_names
from asd_core.llm.requests import CaptionAnswer, prompt_hash

SCORE = {"clip_id": "c", "uri": "u", "machine_type": "fan", "machine_id": "00", "date": "2026-11-03"}
SCORE |= {"scorer_version": "v1"}
NORMAL_IDS = {("v1", "n1"): "1", ("v1", "n2"): "2", ("v0", "n3"): "3"}
NOISE = {
    name: measure(np.random.default_rng(seed).normal(0, 0.1, 8000).astype(np.float32), 8000)
    for seed, name in enumerate(("c", "1", "2"))
}
TEXTS = ("Vibration", "Grinding Sounds")


def row_of(evidence, method="acoustic", llm=""):
    return caption_row(SCORE, ["n1", "n2", "n3"], evidence, TEXTS, CaptionOrder(method, llm))


def test_without_a_language_model_the_caption_is_measured_and_there_is_no_prompt():
    row = row_of(CaptionEvidence(NORMAL_IDS, measures=NOISE))
    assert row["difference_caption"] and row["prompt"] == "" and row["prompt_version"] == MEASURED_VERSION
    assert row["normal_uris"] == ["n1", "n2"] and row["error_reason"] is None


def test_a_language_model_is_asked_with_the_same_findings():
    measured, asked = (row_of(CaptionEvidence(NORMAL_IDS, measures=NOISE), llm=llm) for llm in ("", "echo"))
    assert asked["difference_caption"] is None and asked["findings"] == measured["findings"]
    assert asked["prompt_hash"] == prompt_hash(asked["prompt"]) and asked["prompt_version"] == PROMPT_VERSION


def test_classes_that_changed_stand_before_the_measurements():
    classes = {name: np.full(527, -7.0) for name in ("c", "1", "2")}
    same = row_of(CaptionEvidence(NORMAL_IDS, measures=NOISE, classes=classes), "tags")
    measured = row_of(CaptionEvidence(NORMAL_IDS, measures=NOISE))
    squeal = {**classes, "c": np.where(np.array(class_names()) == "Squeal", 0.0, -7.0)}
    more = row_of(CaptionEvidence(NORMAL_IDS, measures=NOISE, classes=squeal), "tags")
    assert same["difference_caption"] == f"{NO_CHANGE}; measured: {measured['difference_caption']}"
    statement = 'more "Squeal" (0.1 % → 50 %, 3.5 times the limit)'
    assert more["difference_caption"] == f"{statement}; measured: {measured['difference_caption']}"
    assert more["findings"] == [statement, *measured["findings"]] and more["prompt_version"] == TAGGED_VERSION


def test_without_classes_or_measurements_there_is_no_caption_of_classes():
    classes = {name: np.zeros(527) for name in ("c", "1", "2")}
    for evidence in (CaptionEvidence(NORMAL_IDS, measures=NOISE), CaptionEvidence(NORMAL_IDS, classes=classes)):
        assert row_of(evidence, "tags")["error_reason"] == "no_evidence"


@pytest.mark.parametrize(
    ("method", "has_captions", "has_similarities"),
    [("text-decoder", True, False), ("zero-shot", False, True), ("hybrid", True, True)],
)
def test_a_row_holds_the_evidence_that_its_prompt_is_made_from(method, has_captions, has_similarities):
    captions = {name: f"Sounds like {name}" for name in ("c", "1", "2")} if has_captions else {}
    similarities = {name: np.array([0.25, 0.5]) for name in ("c", "1", "2")} if has_similarities else {}
    row = row_of(CaptionEvidence(NORMAL_IDS, captions, similarities, notes=("random weights",)), method, "echo")
    assert (row["clip_caption"] is not None, row["similarities"] is not None) == (has_captions, has_similarities)
    assert row["prompt"] == prompt_of(row) and row["note"] == "random weights"
    assert ("Sounds like 1" in row["prompt"], "0.2500" in row["prompt"]) == (has_captions, has_similarities)


def test_a_clip_without_evidence_is_an_error_row_that_says_why():
    row = row_of(CaptionEvidence(NORMAL_IDS, problems={"c": "it vanished"}))
    assert (row["error_reason"], row["error"], row["difference_caption"]) == ("no_evidence", "it vanished", None)


def test_a_clip_without_a_normal_clip_to_compare_with_is_an_error_row():
    evidence = CaptionEvidence(NORMAL_IDS, measures={"c": NOISE["c"]}, problems={"2": "it vanished"})
    row = row_of(evidence)
    assert (row["error_reason"], row["error"]) == ("no_normal_clip", "no normal clip to compare with; it vanished")


def test_counts_add_up_and_notes_stand_once():
    row = row_of(CaptionEvidence(NORMAL_IDS, measures=NOISE, notes=("random weights",)), llm="echo")
    good = answered(row, CaptionAnswer("r", "This sound is loud.", 100, 20, 1, warning="long"))
    bad = answered(row, CaptionAnswer("r", None, 9, 0, 8, 2, None, "llm_failed", "busy"))
    assert caption_counts([good, good, bad]) == {
        "asked": 3,
        "captioned": 2,
        "errors": 1,
        "errors_by_reason": {"llm_failed": 1},
        "tokens": 249,
        "unknown": 2,
        "warnings": 2,
        "notes": ["random weights", "llm_failed: busy"],
    }


@pytest.mark.parametrize("odd", [{"text": "lo\ud800ud"}, {"text": "x", "input_tokens": 10**30}, {"text": 7}])
def test_an_answer_that_no_table_takes_is_the_error_of_its_own_row(odd):
    row = row_of(CaptionEvidence(NORMAL_IDS, measures=NOISE), llm="echo")
    rows = [answered(row, CaptionAnswer("r", **each)) for each in ({"text": "This sound is loud."}, odd)]
    good, bad = captions_table(rows).to_pylist()
    assert good["difference_caption"] == "This sound is loud." and good["error_reason"] is None
    assert bad["difference_caption"] is None and bad["error_reason"] == "llm_failed"
    assert bad["error"].startswith("the answer cannot be stored: ")
