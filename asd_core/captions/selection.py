"""Choosing the clips to explain: by order, by flag or rank, without those that are explained already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.recipe.caption_settings import Method
from asd_core.store.store import Store
from asd_core.store.tables import SCORES, filled, from_parquet, rows_of


@dataclass(frozen=True)
class CaptionOrder:
    """An order for captions: how they are made, and of which clips.

    Attributes:
        method: of captioning.
        llm: name of the language model; "" for measurements in our own words.
        may_read_audio: whether clips without stored evidence are read from the archive.
        keeps_evidence: whether evidence that any later caption may take is kept too, so that it needs no audio.
        asks_again: whether clips that are explained already are explained anew.
    """

    method: Method
    llm: str = ""
    may_read_audio: bool = True
    keeps_evidence: bool = False
    asks_again: bool = False


class Unexplained:
    """Sifts rows of SCORES: each clip is taken once, and only if no earlier run explained it.

    Args:
        store: where captions are.
        key: of the recipe.
        order: method and language model whose captions count.

    Attributes:
        explained: how many clips were left out because an earlier run explained them.
    """

    def __init__(self, store: Store, key: str, order: CaptionOrder) -> None:
        self._store, self._key, self._order = store, key, order
        self._seen: set[str] = set()
        self._done: set[str] = set()
        self._dates: set[str] = set()
        self.explained = 0

    def of(self, rows: pa.Table) -> pa.Table:
        """The rows to explain, in their order."""
        dates = set(rows["date"].to_pylist()) - self._dates
        if dates and not self._order.asks_again:
            self._done |= _captioned(self._store.captions(self._key, dates), self._order)
            self._dates |= dates
        keep = []
        for clip in clip_keys(rows):
            is_new, is_explained = clip not in self._seen, clip in self._done
            self.explained += is_new and is_explained
            keep.append(is_new and not is_explained)
            self._seen.add(clip)
        return rows.filter(pa.array(keep, pa.bool_()))


class PaidAnswers:
    """Answers that runs of any recipe have published, so that none is paid for twice."""

    def __init__(self, store: Store, order: CaptionOrder) -> None:
        self._store, self._order = store, order
        self._answers: dict[tuple[str, str], dict[str, Any]] = {}
        self._dates: set[str] = set()

    def read(self, dates: Collection[str]) -> None:
        """Read the answers of these dates, unless they are read already."""
        if new := set(dates) - self._dates:
            self._dates |= new
            names = ["clip_id", "prompt_hash", "difference_caption", "warning"]
            for answer in self._store.answers(self._order.llm, self._order.method, new).select(names).to_pylist():
                self._answers[answer.pop("clip_id"), answer.pop("prompt_hash")] = answer

    def find(self, clip_id: str, prompt_hash: str) -> dict[str, Any] | None:
        """The ``difference_caption`` and ``warning`` of the newest answer to a prompt; None without one."""
        return self._answers.get((clip_id, prompt_hash))


def _captioned(captions: pa.Table, order: CaptionOrder) -> set[str]:
    """Keys of the clips that this language model has explained by this method, or refuses to explain."""
    rows = captions.filter(
        pc.and_(
            pc.and_(pc.equal(captions["method"], order.method), pc.equal(captions["llm"], order.llm)),
            pc.or_kleene(pc.is_null(captions["error_reason"]), pc.equal(captions["error_reason"], "llm_refused")),
        )
    )
    return set(clip_keys(rows))


def clip_keys(rows: pa.Table) -> list[str]:
    """Keys of clip and scorer version: a caption explains one scorer's score of one clip."""
    return [f"{clip_id} {version}" for clip_id, version in rows_of(rows, "clip_id", "scorer_version")]


def flagged_in(store: Store, files: Iterable[str]) -> pa.Table:
    """The flagged rows in files of scores that may not be published yet."""
    return pa.concat_tables(
        [SCORES.empty_table(), *(flagged(filled(from_parquet(store.files.read(path)), SCORES)) for path in files)]
    )


def flagged(scores: pa.Table) -> pa.Table:
    """The flagged rows of SCORES."""
    return scores.filter(pc.fill_null(scores["is_flagged"], False))


def highest(scores: pa.Table, count: int) -> pa.Table:
    """Each machine's ``count`` highest rows of SCORES, flagged or not, as in the paper's listening test."""
    order = {"machine_type": "ascending", "machine_id": "ascending", "anomaly_score": "descending", "uri": "ascending"}
    scored = scores.filter(pc.is_valid(scores["anomaly_score"])).sort_by(list(order.items()))
    taken: Counter[tuple[str, ...]] = Counter()
    keep = []
    for machine in rows_of(scored, "machine_type", "machine_id"):
        taken[machine] += 1
        keep.append(taken[machine] <= count)
    return scored.filter(pa.array(keep, pa.bool_()))


def by_machine_type(rows: pa.Table) -> Iterable[pa.Table]:
    """The rows of each machine type."""
    for machine_type in pc.unique(rows["machine_type"]).to_pylist():
        yield rows.filter(pc.equal(rows["machine_type"], machine_type))
