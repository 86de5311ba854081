"""Rows of CAPTIONS: from a score and its evidence to what is asked, and on to the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asd_core.audio.differences import NO_DIFFERENCE, describe_difference
from asd_core.captions.evidence import Evidence
from asd_core.captions.prompts import PROMPT_VERSION, acoustic_prompt, hybrid_prompt, text_decoder_prompt
from asd_core.captions.prompts import zero_shot_prompt as _zero_shot_prompt
from asd_core.captions.selection import Order
from asd_core.llm.requests import CaptionAnswer, prompt_hash
from asd_core.recipe.caption_settings import WITH_DECODER, WITH_TEXTS, Method
from asd_core.store.tables import CAPTIONS

MEASURED_VERSION = "acoustic-1"
"""The version of captions that no language model wrote."""

TYPICAL_ANSWER = 60  # tokens: forty words

TAKEN = "the answer to this very prompt was paid for by an earlier run"
"""Noted where a caption was not asked for again."""


def caption_row(
    row: dict[str, Any], normals: Sequence[str], evidence: Evidence, texts: Sequence[str], order: Order
) -> dict[str, Any]:
    """A row of CAPTIONS, without its answer where a language model is to be asked.

    Args:
        row: of SCORES.
        normals: addresses of the normal clips to compare with, nearest first.
        evidence: what is known of all of them.
        texts: of the zero-shot method, (L,).
        order: what is asked for.
    """
    told: dict[str, Any] = dict.fromkeys(CAPTIONS.names)
    told |= {name: row[name] for name in ("clip_id", "uri", "machine_type", "machine_id", "date", "scorer_version")}
    told |= {"method": order.method, "llm": order.llm, "note": "; ".join(evidence.notes) or None}
    told |= {"input_tokens": 0, "output_tokens": 0, "attempts": 0, "unknown": 0}
    told |= {"prompt": "", "prompt_version": PROMPT_VERSION if order.llm else MEASURED_VERSION}
    version, ids = row["scorer_version"], evidence.normal_ids
    compared = [(uri, ids[version, uri]) for uri in normals if (version, uri) in ids]
    known = [(uri, clip_id) for uri, clip_id in compared if _has(evidence, clip_id, order.method)]
    if not _has(evidence, row["clip_id"], order.method):
        told["error_reason"] = "no_evidence"
        told["error"] = evidence.problems.get(row["clip_id"], "nothing is known of its sound")
    elif not known:
        told["error_reason"] = "no_normal_clip"
        problems = [evidence.problems[clip_id] for _, clip_id in compared if clip_id in evidence.problems]
        told["error"] = "; ".join(["no normal clip to compare with", *problems[:1]])
    else:
        told["normal_uris"] = [uri for uri, _ in known]
        _explain(told, [clip_id for _, clip_id in known], evidence, texts, order)
    told["prompt_hash"] = prompt_hash(told["prompt"])
    return told


def _has(evidence: Evidence, clip_id: str, method: Method) -> bool:
    if method == "acoustic":
        return clip_id in evidence.measures
    return (method not in WITH_DECODER or clip_id in evidence.captions) and (
        method not in WITH_TEXTS or clip_id in evidence.similarities
    )


def _explain(
    told: dict[str, Any], normals: Sequence[str], evidence: Evidence, texts: Sequence[str], order: Order
) -> None:
    """Fill in what a caption is made from, and its prompt, or the caption itself where no model is asked."""
    name, clip_id = told["machine_type"], told["clip_id"]
    if order.method == "acoustic":
        difference = describe_difference(evidence.measures[clip_id], [evidence.measures[normal] for normal in normals])
        told["findings"] = [finding.statement for finding in difference.findings]
        if order.llm:
            told["prompt"] = acoustic_prompt(name, told["findings"] or [NO_DIFFERENCE])
        else:
            told["difference_caption"] = difference.text
        return
    if order.method in WITH_DECODER:
        told["clip_caption"] = evidence.captions[clip_id]
        told["normal_captions"] = [evidence.captions[normal] for normal in normals]
    if order.method in WITH_TEXTS:
        told["texts"] = list(texts)
        told["similarities"] = evidence.similarities[clip_id].tolist()
        told["normal_similarities"] = [evidence.similarities[normal].tolist() for normal in normals]
    told["prompt"] = prompt_of(told)


def answered(told: dict[str, Any], answer: CaptionAnswer) -> dict[str, Any]:
    """A row of CAPTIONS with its answer."""
    names = ("input_tokens", "output_tokens", "attempts", "unknown", "warning", "error_reason", "error")
    return {**told, "difference_caption": answer.text, **{name: getattr(answer, name) for name in names}}


def prompt_of(told: dict[str, Any]) -> str:
    """The prompt that asks for the difference caption of a row of CAPTIONS made from MS-CLAP."""
    name = told["machine_type"]
    match told["method"]:
        case "text-decoder":
            return text_decoder_prompt(name, told["clip_caption"], told["normal_captions"])
        case "zero-shot":
            return _zero_shot_prompt(name, told["texts"], told["similarities"], told["normal_similarities"])
        case _:
            return hybrid_prompt(
                name,
                told["texts"],
                told["clip_caption"],
                told["similarities"],
                told["normal_captions"],
                told["normal_similarities"],
            )


def typical_prompt(method: Method, texts: Sequence[str], k: int) -> str:
    """A prompt as long as most, to reckon tokens from before anything is worked out."""
    caption, similarities = "Sounds like a machine running with a steady hum and a light rattle", [0.125] * len(texts)
    told: dict[str, Any] = {"method": method, "machine_type": "machine", "clip_caption": caption, "texts": list(texts)}
    told |= {"normal_captions": [caption] * k, "similarities": similarities, "normal_similarities": [similarities] * k}
    return acoustic_prompt("machine", [caption] * 6) if method == "acoustic" else prompt_of(told)
