import subprocess
import sys

import numpy as np
import pytest

import asd_core
from asd_core.errors import UsageError
from tests.asd_core.pipeline.ensembles.members import fused


def test_embeddings_come_in_the_order_of_the_clips_and_errors_stay_among_them(plant):
    store, clips = plant
    backwards = clips.take(np.arange(len(clips))[::-1])
    rows = asd_core.embed(store, "twfr-knn", backwards)
    assert rows["clip_id"].to_pylist() == backwards["clip_id"].to_pylist()
    assert rows["embedding"].null_count == 1 and set(rows["error_reason"].drop_null().to_pylist()) == {"empty"}


def test_every_public_name_is_there_and_no_other():
    assert all(getattr(asd_core, name) is not None for name in asd_core.__all__)
    assert dir(asd_core) == asd_core.__all__
    with pytest.raises(AttributeError, match="has no attribute 'nightely'"):
        asd_core.nightely  # noqa: B018


def test_importing_the_package_loads_nothing_that_a_worker_does_not_need():
    line = "import sys, asd_core.audio.decoding; print('asd_core.notebook' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["False", "False"]


def test_an_ensemble_is_fitted_and_scored_as_any_recipe_and_has_no_embeddings(plant):
    store, clips = plant
    normals = asd_core.select(clips, until="2026-11-02")
    assert {one.error for one in asd_core.fit(store, fused(), normals)} == {None}
    rows = asd_core.score(store, fused(), clips)
    assert set(rows["decided_by"].drop_null().to_pylist()) <= {"near", "spread"}
    with pytest.raises(UsageError, match="ensemble fused has no embeddings of its own: name one of its members, twfr-"):
        asd_core.embed(store, fused(), clips)
