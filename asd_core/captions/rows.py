"""Rows of CAPTIONS: a flagged clip's score and evidence, its prompt, and the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from asd_core.audio.differences import NO_DIFFERENCE, describe_difference
from asd_core.audio.places import place, split_place
from asd_core.captions.class_changes import changes_text, class_changes
from asd_core.captions.evidence import CaptionEvidence
from asd_core.captions.prompts import (
    PROMPT_VERSION,
    acoustic_prompt,
    hybrid_prompt,
    text_decoder_prompt,
    zero_shot_prompt,
)
from asd_core.captions.selection import CaptionOrder
from asd_core.encoders.efficientat.class_names import class_names
from asd_core.llm.requests import ASKED_AGAIN, CaptionAnswer, prompt_hash
from asd_core.recipe.caption_settings import WITH_DECODER, WITH_MEASURES, WITH_TEXTS
from asd_core.store.tables import CAPTIONS

MEASURED_VERSION, TAGGED_VERSION = "acoustic-2", "tags-1"
"""The versions of captions that no language model wrote: of measurements, and of classes of sound beside them."""

_TOLD = ASKED_AGAIN | {"llm_refused"}

TAKEN = "the answer to this very prompt was paid for by an earlier run"
"""Noted where a caption was not asked for again."""


def caption_row(
    score: dict[str, Any],
    normals: Sequence[str],
    evidence: CaptionEvidence,
    texts: Sequence[str],
    order: CaptionOrder,
) -> dict[str, Any]:
    """A row of CAPTIONS, without its answer where a language model is to be asked.

    Args:
        score: the clip's row of SCORES.
        normals: places of the normal clips or segments to compare with, nearest first.
        evidence: for the clip and its normal clips.
        texts: for the zero-shot method, (L,).
        order: method and language model.
    """
    row: dict[str, Any] = dict.fromkeys(CAPTIONS.names)
    row |= {name: score[name] for name in ("clip_id", "uri", "machine_type", "machine_id", "date", "scorer_version")}
    row |= {"method": order.method, "llm": order.llm, "note": "; ".join(evidence.notes) or None}
    row |= {"input_tokens": 0, "output_tokens": 0, "attempts": 0, "unknown": 0}
    unasked = TAGGED_VERSION if order.method == "tags" else MEASURED_VERSION
    row |= {"prompt": "", "prompt_version": PROMPT_VERSION if order.llm else unasked}
    version, ids = row["scorer_version"], evidence.normal_ids
    compared = [(split_place(one)[0], ids[version, one]) for one in normals if (version, one) in ids]
    known = [(uri, clip_id) for uri, clip_id in compared if evidence.is_enough(clip_id, order.method)]
    own = place(score["clip_id"], score.get("segment_start"))
    if not evidence.is_enough(own, order.method):
        row["error_reason"] = "no_evidence"
        row["error"] = evidence.problems.get(own, "nothing is known of its sound")
    elif not known:
        row["error_reason"] = "no_normal_clip"
        problems = [evidence.problems[clip_id] for _, clip_id in compared if clip_id in evidence.problems]
        row["error"] = "; ".join(["no normal clip to compare with", *problems[:1]])
    else:
        row["normal_uris"] = [uri for uri, _ in known]
        _fill_in(row, own, [clip_id for _, clip_id in known], evidence, texts)
    row["prompt_hash"] = prompt_hash(row["prompt"])
    return row


def _fill_in(
    row: dict[str, Any], clip_id: str, normals: Sequence[str], evidence: CaptionEvidence, texts: Sequence[str]
) -> None:
    """Fill in a row's evidence and its prompt, or the caption itself where no language model is asked."""
    method = row["method"]
    if method in WITH_MEASURES:
        difference = describe_difference(evidence.measures[clip_id], [evidence.measures[normal] for normal in normals])
        row["findings"] = [finding.statement for finding in difference.findings]
        if method == "tags":
            known = np.stack([evidence.classes[normal] for normal in normals])
            changes = class_changes(evidence.classes[clip_id], known, class_names())
            row["findings"] = [*(change.finding.statement for change in changes), *row["findings"]]
            row["difference_caption"] = f"{changes_text(changes)}; measured: {difference.text}"
            return
        if row["llm"]:
            row["prompt"] = acoustic_prompt(row["machine_type"], row["findings"] or [NO_DIFFERENCE])
        else:
            row["difference_caption"] = difference.text
        return
    if method in WITH_DECODER:
        row["clip_caption"] = evidence.captions[clip_id]
        row["normal_captions"] = [evidence.captions[normal] for normal in normals]
    if method in WITH_TEXTS:
        row["texts"] = list(texts)
        row["similarities"] = evidence.similarities[clip_id].tolist()
        row["normal_similarities"] = [evidence.similarities[normal].tolist() for normal in normals]
    row["prompt"] = prompt_of(row)


def prompt_of(row: dict[str, Any]) -> str:
    """The prompt that asks for the difference caption of a row of CAPTIONS made from MS-CLAP."""
    name = row["machine_type"]
    match row["method"]:
        case "text-decoder":
            return text_decoder_prompt(name, row["clip_caption"], row["normal_captions"])
        case "zero-shot":
            return zero_shot_prompt(name, row["texts"], row["similarities"], row["normal_similarities"])
        case _:
            return hybrid_prompt(
                name,
                row["texts"],
                row["clip_caption"],
                row["similarities"],
                row["normal_captions"],
                row["normal_similarities"],
            )


def answered(row: dict[str, Any], answer: CaptionAnswer) -> dict[str, Any]:
    """A row of CAPTIONS with its answer."""
    names = ("input_tokens", "output_tokens", "attempts", "unknown", "warning", "error_reason", "error")
    return {**row, "difference_caption": answer.text, **{name: getattr(answer, name) for name in names}}


def captions_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows of CAPTIONS as a table; an answer that no table takes becomes its own row's error."""
    try:
        return pa.Table.from_pylist(list(rows), CAPTIONS)
    except _UNFIT:
        return pa.Table.from_pylist([_fit(row) for row in rows], CAPTIONS)


_UNFIT = (pa.ArrowException, UnicodeError, OverflowError, TypeError, ValueError)


def _fit(row: dict[str, Any]) -> dict[str, Any]:
    try:
        pa.Table.from_pylist([row], CAPTIONS)
    except _UNFIT as error:
        told = f"the answer cannot be stored: {error!r}".encode(errors="replace").decode()
        return answered(row, CaptionAnswer("", None, error_reason="llm_failed", error=told))
    return row


def caption_counts(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Counts of rows of CAPTIONS: ``asked``, ``captioned``, ``errors``, ..., and their ``notes``.

    Notes are those of the rows, and one error of the language model for each reason: its message names the cure.
    """
    reasons = Counter(row["error_reason"] for row in rows if row["error_reason"] is not None)
    errors = sum(reasons.values())
    told = {row["error_reason"]: row["error"] for row in reversed(rows) if row["error_reason"] in _TOLD}
    return {
        "asked": len(rows),
        "captioned": len(rows) - errors,
        "errors": errors,
        "errors_by_reason": dict(sorted(reasons.items())),
        "tokens": sum(row["input_tokens"] + row["output_tokens"] for row in rows),
        "unknown": sum(row["unknown"] for row in rows),
        "warnings": sum(row["warning"] is not None for row in rows),
        "notes": [
            *sorted({row["note"] for row in rows if row["note"]}),
            *(f"{reason}: {error}" for reason, error in sorted(told.items())),
        ],
    }
