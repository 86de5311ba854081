"""The runs from end to end, as a driver starts them: embed, fit, score, a night, captions, a search, an import.

Every run is the same few steps: manifest, plan, shards, machines, counts, and one small record written last. The same
call finishes a run that was stopped; a finished run is not repeated.
"""

from asd_core.pipeline.embed_missing import Embedded, embed
from asd_core.pipeline.engine import Progress, no_progress
from asd_core.runs.embed import embed_run, stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.score import score

__all__ = ["Embedded", "Progress", "embed", "embed_run", "fit", "no_progress", "score", "stored_clips"]
