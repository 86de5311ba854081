"""Files of a machine type's scorer: the scorer, and the nights of its machines as if they had not lent."""

from __future__ import annotations

import pyarrow as pa

from asd_core.alarms.lent_nights import LentNights, lent_nights
from asd_core.clips.occasions import numbered, occasions
from asd_core.pipeline.scorer import Scorer
from asd_core.pipeline.scorer_files import as_npz, commit_scorer, head_of, scorer_arrays
from asd_core.pipeline.scorer_versions import FIT_AGAIN
from asd_core.pipeline.type_scorers import type_folder
from asd_core.store.broken_files import table_in
from asd_core.store.many_files import read_present
from asd_core.store.store import Store
from asd_core.store.tables import to_parquet

LENT = pa.schema(
    [
        pa.field("machine_id", pa.string(), nullable=False),
        pa.field("night", pa.string(), nullable=False),  # as in LEFT_OUT; "" where it is not known
        pa.field("anomaly_score", pa.float64(), nullable=False),
    ]
)
"""One row per recording of a type's scorer: its score without any recording of its machine."""


def save_type_scorer(store: Store, key: str, scorer: Scorer, clips: pa.Table) -> tuple[str, bool]:
    """Commit a type's scorer with the nights of its machines, unless the newest version is this very one.

    Args:
        store: where it goes.
        key: of the recipe.
        scorer: fitted to clips of several machines, each machine left out for the unseen scores.
        clips: columns of CLIPS of the recordings that it learnt, in their order.

    Returns:
        The version, and whether it is new.
    """
    folder = type_folder(key, scorer.machine_type)
    version, is_new = commit_scorer(store, folder, head_of(scorer), as_npz(scorer_arrays(scorer)))
    if not store.files.exists(_path(folder, version)):
        store.files.write_new(_path(folder, version), to_parquet(_lent_rows(scorer, clips)))
    return version, is_new


def stored_lent_nights(store: Store, folder: str, version: str) -> LentNights | None:
    """The nights of the machines of a type's scorer; None where their file is gone."""
    (data,) = read_present(store.files, [_path(folder, version)])
    if data is None:
        return None
    rows = table_in(_path(folder, version), data, LENT, FIT_AGAIN)
    machines = rows["machine_id"].to_pylist()
    # A recording of which no night is known is a night of its own.
    nights = [night or f"\0{place}" for place, night in enumerate(rows["night"].to_pylist())]
    return lent_nights(rows["anomaly_score"].to_numpy(), numbered(machines), numbered(nights))


def _lent_rows(scorer: Scorer, clips: pa.Table) -> pa.Table:
    scores = scorer.unseen_by_name
    assert scores is not None  # which only scorers of before lack
    of_name = dict(zip(scorer.unseen_uris, scores.tolist(), strict=True))
    rows = [place for place, uri in enumerate(clips["uri"].to_pylist()) if uri in of_name]
    clips = clips.take(pa.array(rows, pa.int64()))
    taken = occasions(clips["date"].to_pylist(), clips["recorded_at"].to_pylist())
    found = [of_name[uri] for uri in clips["uri"].to_pylist()]
    return pa.table({"machine_id": clips["machine_id"], "night": taken, "anomaly_score": found}).cast(LENT)


def _path(folder: str, version: str) -> str:
    return f"{folder}/{version}/lent.parquet"
