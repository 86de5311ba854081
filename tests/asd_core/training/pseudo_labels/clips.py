"""Clips of machines with working conditions that embeddings tell apart."""

import numpy as np

from asd_core.clips.clip import Placement, clips_table


def fans(count=40, machine_id="00", domain="source", split="train", attributes=True, machine_type="fan"):
    """Rows of CLIPS whose working condition changes from clip to clip, "a", "b", "a", ..."""
    uris = [f"file:///{machine_type}/{machine_id}/{split}/{domain}/{number:03d}.wav" for number in range(count)]
    kinds = ["ab"[number % 2] * attributes for number in range(count)]
    places = [Placement(machine_type, machine_id, split, domain, kind, "normal") for kind in kinds]
    return clips_table(uris, [1] * count, ["1"] * count, places)


def embeddings_of(clips, seed=0):
    """(N, 8) float32: conditions far apart, read from the clips' numbers."""
    rng = np.random.default_rng(seed)
    numbers = np.array([int(uri[-7:-4]) for uri in clips["uri"].to_pylist()])
    return (rng.normal(0, 1, (len(clips), 8)) + 20 * (numbers % 2)[:, None]).astype(np.float32)
