"""The training clips that a trained transform has not learnt from: thresholds are taken from these alone.

A head draws the clips that it is trained on together. Their scores are lower than those of any clip to come, even
where the detector leaves each of them out: thresholds from them flag about twice as many normal clips as asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.head.stored import is_held_out, read_head
from asd_core.recipe.machine_recipe import EmbeddingConfig

FEWEST = 10
"""Clips from which a threshold can be taken."""


def held_out_rows(
    config: EmbeddingConfig, machine: tuple[str, str], clip_ids: Sequence[str], is_segmented: bool = False
) -> tuple[NDArray[np.int64] | None, list[str]]:
    """The rows that unseen scores are taken from, and a line that says so.

    Args:
        config: of the transform.
        machine: type and id.
        clip_ids: (N,) of the machine's training clips.
        is_segmented: rows are segments of recordings.

    Returns:
        Rows (n,), ascending; None for all: the transform learns nothing of other clips, or too few were held out.
    """
    if config.transform != "head":
        return None, []
    rows = np.flatnonzero(is_held_out(read_head(config.head, *machine).held_out, clip_ids))
    if len(rows) >= FEWEST and not is_segmented:
        return rows, [f"the threshold is from {len(rows)} clips that the head was not trained on"]
    share = "" if is_segmented else f" ({len(rows)} of {len(clip_ids)} were held out, {FEWEST} are needed)"
    return None, [
        f"the head was trained on clips that the threshold is from{share}: expect twice the false alarms asked for"
    ]
