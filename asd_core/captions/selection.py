"""Which clips are explained: what is asked for, what is explained already, and which rows of SCORES are taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.recipe.caption_settings import Method
from asd_core.store.store import Store
from asd_core.store.tables import SCORES, from_parquet


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


def captioned(captions: pa.Table, order: Order) -> set[str]:
    """The clips (id and scorer version) that this language model has explained by this method, or will not explain."""
    rows = captions.filter(
        pc.and_(
            pc.and_(pc.equal(captions["method"], order.method), pc.equal(captions["llm"], order.llm)),
            pc.or_kleene(pc.is_null(captions["error_reason"]), pc.equal(captions["error_reason"], "llm_refused")),
        )
    )
    return set(clip_keys(rows))


def uncaptioned(rows: pa.Table, captions: pa.Table, order: Order) -> pa.Table:
    """The rows of SCORES whose clips `captioned` does not name."""
    done = captioned(captions, order)
    return rows.filter(pa.array([key not in done for key in clip_keys(rows)], pa.bool_()))


def clip_keys(rows: pa.Table) -> list[str]:
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
