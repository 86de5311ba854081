"""The runs: embed, fit and score an archive or what is stored of it.

Every run is the same few steps: manifest, plan, shards, machines, counts, and one small record written last. A run that
broke anywhere is finished by the same call; a run that is complete does nothing again.
"""

from asd_core.pipeline.embed_missing import Embedded, embed
from asd_core.pipeline.engine import Progress, no_progress
from asd_core.runs.embed import embed_run, stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.score import score

__all__ = ["Embedded", "Progress", "embed", "embed_run", "fit", "no_progress", "score", "stored_clips"]
