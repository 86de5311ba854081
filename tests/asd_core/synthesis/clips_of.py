"""Rows of CLIPS without any file behind them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from asd_core.clips.clip import Placement, clips_table


def clips_of(domains: Sequence[str], machine_id: str = "00", condition: str = "normal", name: str = "clip") -> pa.Table:
    """One clip of a fan for each domain given."""
    uris = [f"file:///archive/{name}_{machine_id}_{index:04}.wav" for index in range(len(domains))]
    places = [Placement("fan", machine_id, "train", domain, "", condition) for domain in domains]
    return clips_table(uris, [1000] * len(uris), ["1"] * len(uris), places)
