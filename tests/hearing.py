"""Tables of the clips that a generator in a store has heard."""

from pathlib import Path

import pyarrow as pa

from asd_core.store.tables import to_parquet

COLUMNS = ("clip_id", "uri", "machine_type", "machine_id", "condition", "split")


def write_heard(store: Path, clips: pa.Table, name: str = "gen", digest: str = "0a") -> Path:
    """Let a store say that a generator of this name was fine-tuned on some rows of CLIPS; returns the table's path."""
    path = store / "generators" / name / digest / "heard.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    heard = clips.select(list(COLUMNS))
    path.write_bytes(to_parquet(heard.append_column("caption", pa.array(["A caption."] * len(heard), pa.string()))))
    return path
