import numpy as np
import pytest
import soundfile

from asd_core.captions.evidence import Gatherer
from asd_core.captions.selection import CaptionOrder
from asd_core.captions.texts import PAPER_TEXTS
from asd_core.errors import UsageError
from asd_core.pipeline.engine import LocalEngine, no_progress
from asd_core.recipe.recipe import Recipe
from asd_core.runs.caption import CaptionRun
from asd_core.runs.embed import embed_run
from tests.asd_core.captions.squeals import squealing, squealing_night
from tests.fleet import KNN, NIGHTS, clip_path, listed


@pytest.fixture
def scored(tmp_path):
    return squealing_night(tmp_path)


def test_of_two_recordings_at_one_address_the_one_that_was_learnt_is_compared_with(scored):
    archive, store, _ = scored
    learnt = {row["uri"]: row["clip_id"] for row in listed(archive, until=NIGHTS[1]).to_pylist()}
    for night in NIGHTS[:2]:
        for number in range(4):
            soundfile.write(clip_path(archive, "00", night, number), np.sin(np.arange(16_000) / (2 + number)), 16_000)
    embed_run(store, KNN, listed(archive), LocalEngine())
    gathered = Gatherer(store, KNN, "acoustic", LocalEngine(), False, no_progress).gather(squealing(scored))
    assert len(gathered.normal_ids) >= 4
    assert all(clip_id == learnt[uri] for (_, uri), clip_id in gathered.normal_ids.items())


def test_texts_may_be_a_machine_types_own_and_are_read_before_anything_is_scored(scored, tmp_path):
    own = tmp_path / "fan.txt"
    own.write_text("Blade rub")
    captions = {"encoder": "clap", "weights": "random", "clap_weights": "random"}
    machine = {"fan": {"captions.texts": str(own)}}
    recipe = Recipe("own", {**KNN.settings, "captions": captions, "machine": machine})
    gatherer = Gatherer(scored[1], recipe, "hybrid", LocalEngine(), True, no_progress)
    assert gatherer.texts("fan") == ("Blade rub",) and gatherer.texts("pump") == PAPER_TEXTS
    own.unlink()
    order = CaptionOrder("hybrid", llm="echo at test")
    with pytest.raises(UsageError, match="cannot read the texts in .*fan.txt"):
        CaptionRun(scored[1], recipe, order, LocalEngine(), lambda: pytest.fail("a captioner was opened"))
