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
from collections.abc import Callable, Collection, Iterable
from typing import Any

import pyarrow as pa

from asd_core.captions.evidence import Gatherer, normal_uris
from asd_core.captions.rows import TAKEN, answered, caption_row
from asd_core.captions.selection import Order, by_machine_type, captioned, clip_keys, flagged_in
from asd_core.digest import content_hash
from asd_core.llm.ledger import forget
from asd_core.llm.requests import Captioner, caption_request
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.recipe import Recipe
from asd_core.runs.records import commit, now, recipe_record
from asd_core.store.store import Store
from asd_core.store.tables import CAPTIONS, SCORES


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
        for key in clip_keys(rows):
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
        machine_type = rows["machine_type"][0].as_py()
        texts, k = self._gatherer.texts(machine_type), self._recipe.for_machine(machine_type).captions.k
        if self._captioner is not None:
            self._read_paid(set(rows["date"].to_pylist()) - self._paid_on)
        requests = []
        for row, normals in zip(rows.to_pylist(), normal_uris(rows, k), strict=True):
            told = caption_row(row, normals, evidence, texts, self._order)
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
