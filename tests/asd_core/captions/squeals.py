"""A scored night in which two clips squeal."""

import numpy as np
import soundfile

from asd_core.captions.selection import flagged
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.score import score
from tests.fleet import KNN, NIGHTS, clip_path, fitted, listed


def squealing_night(folder):
    """A fleet, its store, and the record of a night in which two clips of fan 00 squeal."""
    archive, store = fitted(folder)
    for number in (0, 1):
        tone = 0.3 * np.sin(np.arange(16_000) * 2 * np.pi * (1000 + 200 * number) / 16_000)
        soundfile.write(clip_path(archive, "00", NIGHTS[2], number), tone, 16_000)
    return archive, store, score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())


def squealing(scored):
    """The flagged rows of the clips that squeal."""
    rows = flagged(scored[1].read_scores(scored[2]))
    return rows.filter([uri.endswith(("00.wav", "01.wav")) for uri in rows["uri"].to_pylist()])
