"""Explaining flagged clips: evidence, prompts, answers, and the rows that are published.

Captions overlap with scoring: what is flagged can be added as soon as its machine is scored, and is worked on and
asked about in the background. Nothing is asked twice: an answer is stored before the next is asked for, and published
rows name the clip, method, prompt and language model that they belong to, so that a later run of any recipe takes
their answer. (Runs at once that ask the same do pay each for itself: neither has published yet.)
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.captions.acoustic import NO_DIFFERENCE, describe_difference
from asd_core.captions.config import WITH_DECODER, WITH_TEXTS, Method
from asd_core.captions.ledger import forget
from asd_core.captions.prompts import PROMPT_VERSION, acoustic_prompt, hybrid_prompt, text_decoder_prompt
from asd_core.captions.prompts import zero_shot_prompt as _zero_shot_prompt
from asd_core.captions.requests import CaptionAnswer, Captioner, caption_request, prompt_hash
from asd_core.engine import Engine
from asd_core.recipe import Recipe
from asd_core.runs.evidence import Evidence, Gatherer, normal_uris
from asd_core.runs.records import Progress, commit, no_progress, now, recipe_record
from asd_core.store import Store
from asd_core.tables import CAPTIONS, SCORES, content_hash, from_parquet

MEASURED_VERSION = "acoustic-1"
"""The version of captions that no language model wrote."""

TYPICAL_ANSWER = 60  # tokens: forty words

TAKEN = "the answer to this very prompt was paid for by an earlier run"
"""Noted where a caption was not asked for again."""


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Attributes:
        method: of captioning.
        llm: name of the language model; "" for measurements in our own words.
        may_read_audio: whether clips of which nothing is stored are read.
        keeps_evidence: whether what any later caption may take is kept too, so that it needs no audio.
        asks_again: whether clips that are explained already are explained anew.
    """

    method: Method
    llm: str = ""
    may_read_audio: bool = True
    keeps_evidence: bool = False
    asks_again: bool = False


class CaptionRun:
    """Captions of flagged clips, from rows of SCORES to published rows of CAPTIONS.

    Args:
        store: where scores are and captions go.
        recipe: whose scores.
        order: what is asked for.
        engine: where clips are worked on.
        captioner: asks the language model; None without one.
        progress: told (stage, done, total).

    Raises:
        UsageError: the method needs MS-CLAP, and the recipe names none, or texts that cannot be read.
        AsdError: weights that cannot be had.
    """

    def __init__(
        self,
        store: Store,
        recipe: Recipe,
        order: Order,
        engine: Engine,
        captioner: Captioner | None = None,
        progress: Progress = no_progress,
    ) -> None:
        self._store, self._recipe, self._order, self._engine = store, recipe, order, engine
        self._captioner, self._progress = captioner, progress
        self._gatherer = Gatherer(store, recipe, order.method, engine, order.may_read_audio, progress)
        self._started, self._start = now(), time.monotonic()
        self._known: set[str] = set()
        self._done: set[str] = set()
        self._done_on: set[str] = set()
        self._explained = 0
        self._paid: dict[tuple[str, str], dict[str, Any]] = {}
        self._paid_on: set[str] = set()
        self._taken: list[pa.Table] = []
        self._deferred: list[pa.Table] = []
        self._rows: list[dict[str, Any]] = []
        self._notes: list[str] = []
        self._pending: dict[str, list[dict[str, Any]]] = {}
        self._settled: list[str] = []
        self._queue: queue.SimpleQueue[Callable[[], pa.Table] | None] = queue.SimpleQueue()
        self._all_asked = threading.Event()
        self._failure: Exception | None = None
        for machine_type in ["", *recipe.settings.get("machine", {})]:
            self._gatherer.needs_embedding(machine_type)  # refuses what cannot be had before hours of scoring
            self._gatherer.texts(machine_type)
        # In this process alone the networks would only take turns with the scoring.
        self._thread = threading.Thread(target=self._in_background, daemon=True) if engine.workers > 1 else None
        if self._thread is not None:
            self._thread.start()

    def add(self, rows: pa.Table) -> None:
        """Take rows of SCORES to be captioned; those that are captioned already, or were added before, are left out.

        Never raises: scoring, which calls this, does not depend on captions.
        """
        self._queue.put(lambda: rows)

    def add_flagged(self, files: Iterable[str]) -> None:
        """Take the flagged rows in files of scores that may not be published yet, as `add` does."""
        self._queue.put(lambda: flagged_in(self._store, files))

    def finish(self) -> dict[str, Any]:
        """Wait for the answers and publish them.

        Returns:
            ``asked`` (clips not captioned before), ``explained`` (left out: captioned before), ``captioned``,
            ``errors``, ``errors_by_reason``, ``tokens``, ``unknown`` (attempts whose fate a crash left open),
            ``warnings``, ``notes``, ``method``, ``llm`` and ``seconds``.

        Raises:
            Exception: whatever kept captioning from going on, since `add` too; answers that were paid for are stored.
        """
        self._queue.put(None)
        if self._thread is None:
            self._work()
        self._all_asked.wait()
        if self._failure is None:
            self._finish()
        if self._failure is not None:
            raise self._failure
        summary = self._summary()
        self._publish(summary)
        return summary

    def _finish(self) -> None:
        try:
            self._collect()
        except Exception as error:
            self._failure = error
        if self._thread is None:
            self._keep_evidence()
        else:
            self._thread.join()

    def _fresh(self, rows: pa.Table) -> pa.Table:
        if not self._order.asks_again:
            self._read_captioned(set(rows["date"].to_pylist()) - self._done_on)
        keep = []
        for key in _keys(rows):
            is_new, is_explained = key not in self._known, key in self._done
            self._explained += is_new and is_explained
            keep.append(is_new and not is_explained)
            self._known.add(key)
        return rows.filter(pa.array(keep, pa.bool_()))

    def _read_captioned(self, dates: Collection[str]) -> None:
        if dates:
            self._done |= captioned(self._store.captions(self._recipe.key(), dates), self._order)
            self._done_on.update(dates)

    def _in_background(self) -> None:
        self._work()
        if self._failure is None:
            self._keep_evidence()

    def _work(self) -> None:
        """Take what is added until the end; embeddings that detection has not made are made once, at the end."""
        try:
            while (added := self._queue.get()) is not None:
                self._take(self._fresh(added()))
            for part in by_machine_type(pa.concat_tables([SCORES.empty_table(), *self._deferred])):
                self._ask(part)
        except Exception as error:  # raised again where `finish` is called
            self._failure = error
        finally:
            self._all_asked.set()

    def _take(self, rows: pa.Table) -> None:
        self._taken.append(rows)
        for part in by_machine_type(rows):
            if self._gatherer.needs_embedding(part["machine_type"][0].as_py()):
                self._deferred.append(part)
            else:
                self._ask(part)

    def _keep_evidence(self) -> None:
        """Keep what later captions may take: a convenience, whose failure is told and stops no caption."""
        if not self._order.keeps_evidence:
            return
        try:
            for part in by_machine_type(pa.concat_tables([SCORES.empty_table(), *self._taken])):
                self._gatherer.store(part)
        except Exception as error:
            message = " ".join(str(error).split()) or repr(error)
            self._notes.append(f"what later captions may need was not kept, they may have to read audio: {message}")

    def _ask(self, rows: pa.Table) -> None:
        evidence = self._gatherer.gather(rows)
        k = self._recipe.for_machine(rows["machine_type"][0].as_py()).captions.k
        if self._captioner is not None:
            self._read_paid(set(rows["date"].to_pylist()) - self._paid_on)
        requests = []
        for row, normals in zip(rows.to_pylist(), normal_uris(rows, k), strict=True):
            told = self._told(row, normals, evidence)
            if told["error_reason"] is not None or self._captioner is None:
                self._rows.append(told)
                continue
            request = caption_request(told["clip_id"], told["method"], told["prompt"], told["llm"])
            paid = self._paid.get((told["clip_id"], told["prompt_hash"]))
            if paid is not None:
                note = "; ".join(filter(None, [told["note"], TAKEN]))
                self._rows.append({**told, **paid, "note": note})
                self._settled.append(request.request_id)
                continue
            self._pending.setdefault(request.request_id, []).append(told)
            requests.append(request)
        if self._captioner is not None and requests:
            self._captioner.submit(requests)

    def _read_paid(self, dates: Collection[str]) -> None:
        """Find captions (and their warnings) that runs of any recipe have published for these dates."""
        if dates:
            answers = self._store.answers(self._order.llm, self._order.method, dates)
            names = ["clip_id", "prompt_hash", "difference_caption", "warning"]
            for row in answers.select(names).to_pylist():
                self._paid[row.pop("clip_id"), row.pop("prompt_hash")] = row
            self._paid_on.update(dates)

    def _told(self, row: dict[str, Any], normals: Sequence[str], evidence: Evidence) -> dict[str, Any]:
        """A row of CAPTIONS, without its answer where a language model is to be asked."""
        told: dict[str, Any] = dict.fromkeys(CAPTIONS.names)
        told |= {name: row[name] for name in ("clip_id", "uri", "machine_type", "machine_id", "date", "scorer_version")}
        told |= {"method": self._order.method, "llm": self._order.llm, "note": "; ".join(evidence.notes) or None}
        told |= {"input_tokens": 0, "output_tokens": 0, "attempts": 0, "unknown": 0}
        told |= {"prompt": "", "prompt_version": PROMPT_VERSION if self._order.llm else MEASURED_VERSION}
        version, ids = row["scorer_version"], evidence.normal_ids
        compared = [(uri, ids[version, uri]) for uri in normals if (version, uri) in ids]
        known = [(uri, clip_id) for uri, clip_id in compared if self._has(evidence, clip_id)]
        if not self._has(evidence, row["clip_id"]):
            told["error_reason"] = "no_evidence"
            told["error"] = evidence.problems.get(row["clip_id"], "nothing is known of its sound")
        elif not known:
            told["error_reason"] = "no_normal_clip"
            problems = [evidence.problems[clip_id] for _, clip_id in compared if clip_id in evidence.problems]
            told["error"] = "; ".join(["no normal clip to compare with", *problems[:1]])
        else:
            told["normal_uris"] = [uri for uri, _ in known]
            self._explain(told, [clip_id for _, clip_id in known], evidence)
        told["prompt_hash"] = prompt_hash(told["prompt"])
        return told

    def _has(self, evidence: Evidence, clip_id: str) -> bool:
        method = self._order.method
        if method == "acoustic":
            return clip_id in evidence.measures
        return (method not in WITH_DECODER or clip_id in evidence.captions) and (
            method not in WITH_TEXTS or clip_id in evidence.similarities
        )

    def _explain(self, told: dict[str, Any], normals: Sequence[str], evidence: Evidence) -> None:
        """Fill in what a caption is made from, and its prompt, or the caption itself where no model is asked."""
        name, clip_id = told["machine_type"], told["clip_id"]
        if self._order.method == "acoustic":
            difference = describe_difference(
                evidence.measures[clip_id], [evidence.measures[normal] for normal in normals]
            )
            told["findings"] = [finding.statement for finding in difference.findings]
            if self._order.llm:
                told["prompt"] = acoustic_prompt(name, told["findings"] or [NO_DIFFERENCE])
            else:
                told["difference_caption"] = difference.text
            return
        if self._order.method in WITH_DECODER:
            told["clip_caption"] = evidence.captions[clip_id]
            told["normal_captions"] = [evidence.captions[normal] for normal in normals]
        if self._order.method in WITH_TEXTS:
            told["texts"] = list(self._gatherer.texts(name))
            told["similarities"] = evidence.similarities[clip_id].tolist()
            told["normal_similarities"] = [evidence.similarities[normal].tolist() for normal in normals]
        told["prompt"] = prompt_of(told)

    def _collect(self) -> None:
        if self._captioner is None:
            return
        total = len(self._pending)
        self._progress("asking for captions", 0, total)
        for done, answer in enumerate(self._captioner.answers(), 1):
            for told in self._pending.pop(answer.request_id, ()):
                self._rows.append(answered(told, answer))
            if not answer.is_asked_again:
                self._settled.append(answer.request_id)
            self._progress("asking for captions", done, total)

    def _summary(self) -> dict[str, Any]:
        reasons = Counter(row["error_reason"] for row in self._rows if row["error_reason"] is not None)
        errors = sum(reasons.values())
        return {
            "asked": len(self._rows),
            "explained": self._explained,
            "captioned": len(self._rows) - errors,
            "errors": errors,
            "errors_by_reason": dict(sorted(reasons.items())),
            "tokens": sum(row["input_tokens"] + row["output_tokens"] for row in self._rows),
            "unknown": sum(row["unknown"] for row in self._rows),
            "warnings": sum(row["warning"] is not None for row in self._rows),
            "notes": sorted({row["note"] for row in self._rows if row["note"]}) + self._notes,
            "method": self._order.method,
            "llm": self._order.llm,
            "seconds": round(time.monotonic() - self._start, 3),
        }

    def _publish(self, summary: dict[str, Any]) -> None:
        if not self._rows:
            return
        key = self._recipe.key()
        rows = pa.Table.from_pylist(sorted(self._rows, key=lambda row: (row["date"], row["uri"])), CAPTIONS)
        path, checksum = self._store.write_captions(key, rows)
        record = {
            # With the time: what is explained anew may come out as it did long ago, and is the last all the same.
            "run_id": f"caption-{content_hash(f'{checksum} {self._started}'.encode())[:24]}",
            "job": "caption",
            "key": key,
            "recipe": recipe_record(self._recipe),
            "dates": sorted(set(rows["date"].to_pylist())),
            "counts": {name: value for name, value in summary.items() if name not in ("seconds", "method", "llm")},
            "method": self._order.method,
            "llm": self._order.llm,
            "caption_files": {path: checksum},
            "seconds": {"caption": summary["seconds"]},
            "started_at": self._started,
        }
        commit(self._store, record)
        forget(self._store.files, self._settled)


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


def captioned(captions: pa.Table, order: Order) -> set[str]:
    """The clips (id and scorer version) that this language model has explained by this method, or will not explain."""
    rows = captions.filter(
        pc.and_(
            pc.and_(pc.equal(captions["method"], order.method), pc.equal(captions["llm"], order.llm)),
            pc.or_kleene(pc.is_null(captions["error_reason"]), pc.equal(captions["error_reason"], "llm_refused")),
        )
    )
    return set(_keys(rows))


def uncaptioned(rows: pa.Table, captions: pa.Table, order: Order) -> pa.Table:
    """The rows of SCORES whose clips `captioned` does not name."""
    done = captioned(captions, order)
    return rows.filter(pa.array([key not in done for key in _keys(rows)], pa.bool_()))


def _keys(rows: pa.Table) -> list[str]:
    """A caption explains one scorer's score of one clip."""
    pairs = zip(rows["clip_id"].to_pylist(), rows["scorer_version"].to_pylist(), strict=True)
    return [f"{clip_id} {version}" for clip_id, version in pairs]


def flagged_in(store: Store, files: Iterable[str]) -> pa.Table:
    """The flagged rows in files of scores that may not be published yet."""
    return pa.concat_tables([SCORES.empty_table(), *(flagged(from_parquet(store.files.read(path))) for path in files)])


def flagged(scores: pa.Table) -> pa.Table:
    """The flagged rows of SCORES."""
    return scores.filter(pc.fill_null(scores["is_flagged"], False))


def highest(scores: pa.Table, count: int) -> pa.Table:
    """Each machine's ``count`` highest rows of SCORES, flagged or not: what the paper's listening test takes."""
    scored = scores.filter(pc.is_valid(scores["anomaly_score"])).sort_by(
        [
            ("machine_type", "ascending"),
            ("machine_id", "ascending"),
            ("anomaly_score", "descending"),
            ("uri", "ascending"),
        ]
    )
    taken: Counter[tuple[str, str]] = Counter()
    keep = []
    for machine in zip(scored["machine_type"].to_pylist(), scored["machine_id"].to_pylist(), strict=True):
        taken[machine] += 1
        keep.append(taken[machine] <= count)
    return scored.filter(pa.array(keep, pa.bool_()))


def by_machine_type(rows: pa.Table) -> Iterable[pa.Table]:
    """The rows of each machine type."""
    for machine_type in pc.unique(rows["machine_type"]).to_pylist():
        yield rows.filter(pc.equal(rows["machine_type"], machine_type))
