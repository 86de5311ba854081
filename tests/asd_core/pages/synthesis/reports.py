"""Reports of generated clips for the tests of their page."""

import numpy as np

from asd_core.pages.synthesis.page import ListeningReport
from asd_core.pipeline.engine import LocalEngine
from asd_core.store.store import open_store
from asd_core.synthesis.generation.archive import Parts, folder_of
from asd_core.synthesis.generation.generating import make_archive
from asd_core.synthesis.generation.plan import plan_clips
from tests.asd_core.synthesis.generation.fakes import QUICK, NoiseSource, wanted_of


def report_in(folder, *kinds, clips=2, bad=(), name="plant", notes=("random weights (seed 0)",), caption=None):
    """Archive of seeded noise in a store, and the report of it."""
    wanted = wanted_of(*kinds, clips=clips)
    if caption is not None:
        index = wanted.column_names.index("caption")
        wanted = wanted.set_column(index, "caption", [[caption + str(n) for n in range(len(wanted))]])
    planned, parts = plan_clips(wanted, QUICK), Parts(name, "abc")
    spoilt = tuple((seed, "silent") for place in bad for seed in planned[place].seeds)
    store = open_store(str(folder))
    rows = make_archive(store, parts, planned, QUICK, NoiseSource(spoilt), LocalEngine())
    facts = [("DDIM steps", "2"), ("Seed", str(np.int64(0)))]
    return ListeningReport(name, "abc", folder_of(name, "abc"), rows, notes, facts), store.files
