"""AudioLDM as a generator of clips."""

import pickle
from dataclasses import asdict, replace

import numpy as np
import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe
from asd_core.runs.fine_tune import fine_tune_generator
from asd_core.store.store import open_store
from asd_core.synthesis.generation.archive import Parts
from asd_core.synthesis.generation.audioldm_source import AudioLdmSource
from asd_core.synthesis.generation.generating import make_archive
from asd_core.synthesis.generation.plan import plan_clips
from asd_core.synthesis.generation.shard import opened
from asd_core.synthesis.metadata_captions.pairs import PAIRS
from tests.asd_core.synthesis.audioldm.tiny import TINY
from tests.asd_core.synthesis.generation.fakes import wanted_of

pytestmark = pytest.mark.usefixtures("one_torch_thread")

CONFIG = replace(
    TINY, seconds=0.32, ddim_steps=2, candidates=2, clap_weights="random", generate_batch=4, trains="nothing"
)
SOURCE = AudioLdmSource("file:///store/generators/plant/d1", CONFIG, "d1", "random weights")


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """Address of a generator of random weights alone."""
    store, recipe = open_store(str(tmp_path_factory.mktemp("store"))), Recipe("r", {"generator": asdict(CONFIG)})
    record = fine_tune_generator(store, recipe, "plant", PAIRS.empty_table(), LocalEngine(), None)
    return f"{store.files.url}/{record['folder']}"


def test_the_best_of_two_candidates_of_tiny_networks_is_kept(tmp_path, generator):
    source = replace(SOURCE, address=generator)
    planned, store = plan_clips(wanted_of(("fan", "00"), clips=2), CONFIG), open_store(str(tmp_path))
    table = make_archive(store, Parts("p", "a"), planned, CONFIG, source, LocalEngine())
    assert table["error_reason"].null_count == 4 and set(table["note"].to_pylist()) == {"random weights"}
    model = opened(source)
    for clip, row in zip(planned, table.to_pylist(), strict=True):
        tries = model.generate([clip.caption] * 2, clip.seeds[:2])
        cosines = model.similarity(tries, clip.caption)
        assert row["candidate"] == int(np.argmax(cosines)) and abs(row["similarity"] - cosines.max()) < 1e-4


def test_an_equal_source_is_opened_once_also_when_it_comes_from_another_process():
    again = pickle.loads(pickle.dumps(SOURCE))
    assert again == SOURCE and hash(again) == hash(SOURCE)


def test_random_weights_are_told_of_the_model_and_of_what_compares_candidates():
    assert SOURCE.note == "random weights"
    assert replace(SOURCE, weights_note="").note.startswith("candidates were compared by random weights (seed 0)")
    assert replace(SOURCE, weights_note="", config=TINY).note == ""
