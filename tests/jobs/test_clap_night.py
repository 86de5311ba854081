"""The whole path with MS-CLAP's own classes on random weights and a real HTTP server in the LLM's place."""

import os

import numpy as np
import pytest
import soundfile

from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.command import asd
from tests.fleet import NIGHTS, clip_path, write_fleet
from tests.llm_server import LlmServer

RECIPE = load_recipe("clap-knn-random")
KEY = "sk-not-to-be-seen-0123456789"
LAST_NIGHT = ("--date", NIGHTS[2])
EVERY_NIGHT = ("--since", NIGHTS[0], "--until", NIGHTS[2])


@pytest.fixture(scope="module")
def llm():
    with LlmServer(answer=lambda prompt: "This sound is unlike the others.") as server:
        before = os.environ.get("OPENAI_API_KEY")
        os.environ["OPENAI_API_KEY"] = KEY
        yield server
        os.environ.pop("OPENAI_API_KEY") if before is None else os.environ.update(OPENAI_API_KEY=before)


@pytest.fixture(scope="module")
def night(tmp_path_factory, llm):
    """A store with the nightly job's doing, hybrid captions with it; then the archive is taken away."""
    plant = tmp_path_factory.mktemp("clap")
    archive, store = write_fleet(plant / "archive", machines=("00",), clips=3), plant / "store"
    squeal = 0.3 * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
    soundfile.write(clip_path(archive, "00", NIGHTS[2], 0), squeal, 16_000)
    assert asd("fit", archive, *options(store), "--since", NIGHTS[0], "--until", NIGHTS[1]).code == 0
    said = asd("nightly", archive, *options(store), *asking(llm))
    assert said.code == 0, said.err
    archive.rename(plant / "away")
    return said, Store(LocalFiles(store))


@pytest.fixture
def two_towers(night, llm):
    """The store, after captions of the same night by another decoder and its own audio tower."""
    store = night[1]
    archive, away = store.files.root.parent / "archive", store.files.root.parent / "away"
    away.rename(archive)
    more = ["--set", "captions.weights=random:7", "--llm-model", "other", "--no-report"]
    said = asd("caption", *options(store.files.root), *asking(llm), *LAST_NIGHT, *more)
    assert said.code == 0 and said.json["errors"] == 0, said.err
    archive.rename(away)
    return store


def options(store):
    return ["--recipe", "clap-knn-random", "--store", store, "--local", "--json"]


def asking(llm):
    return ["--llm-base-url", llm.url, "--llm-model", "echo", "--llm-requests-per-minute", "6000"]


def hybrid(store):
    return [row for row in store.captions(RECIPE.key()).to_pylist() if row["method"] == "hybrid"]


def by_clip(store, llm):
    return {row["clip_id"]: row for row in hybrid(store) if row["llm"].startswith(llm)}


def page_of(store):
    return next((store.files.root / "reports").rglob("date=*/index.html")).read_text()


def test_every_flagged_clip_has_a_hybrid_caption_made_from_the_embedding_that_flagged_it(night):
    said, store = night
    assert said.json["captions"]["captioned"] == said.json["flagged"] > 0
    row = next(iter(by_clip(store, "echo").values()))
    assert row["difference_caption"] == "This sound is unlike the others."
    assert row["clip_caption"].startswith("Sounds like") and len(row["normal_captions"]) == 4
    assert len(row["texts"]) == len(row["similarities"]) == 8 and np.shape(row["normal_similarities"]) == (4, 8)
    assert np.abs(row["similarities"]).max() <= 1 and "two audio towers" not in row["note"]


def test_every_output_says_that_the_weights_are_random(night):
    said, store = night
    rows = store.captions(RECIPE.key()).to_pylist()
    assert all("random weights" in row["note"] for row in rows)
    assert "random weights" in page_of(store) and "random weights" in said.out


@pytest.mark.parametrize("method", ["text-decoder", "zero-shot"])
def test_the_other_methods_need_no_audio_afterwards_and_ask_nothing_twice(night, llm, method):
    store = str(night[1].files.root)
    arguments = ("backfill-captions", *options(store), *asking(llm), *EVERY_NIGHT, "--caption-method", method)
    first = asd(*arguments)
    assert first.code == 0 and first.json["captioned"] == first.json["asked"] > 0, first.err
    asked = len(llm.log)
    assert asd(*arguments).json["asked"] == 0 and len(llm.log) == asked


def test_the_prompt_holds_the_caption_and_the_figures_of_this_clip(night):
    row = next(iter(by_clip(night[1], "echo").values()))
    assert row["clip_caption"].strip() in row["prompt"] and f"{row['similarities'][0]:.4f}" in row["prompt"]


def test_the_key_stands_nowhere(night, llm):
    said, store = night
    written = b"".join(store.files.read(info.path) for info in store.files.list())
    assert KEY.encode() not in written and KEY not in said.out + said.err
    assert llm.keys == {f"Bearer {KEY}"}


@pytest.mark.slow
def test_of_two_towers_each_serves_its_own_and_the_captions_say_so(two_towers):
    mine, other = (by_clip(two_towers, llm) for llm in ("echo", "other"))
    assert other
    for clip_id, row in other.items():
        assert "two audio towers" in row["note"] and "two audio towers" not in mine[clip_id]["note"]
        assert row["similarities"] == mine[clip_id]["similarities"]  # of the tower beside the text tower
        assert row["clip_caption"] != mine[clip_id]["clip_caption"]  # of the other decoder and its own tower


@pytest.mark.slow
def test_a_tower_that_heard_nothing_is_an_error_that_says_how_to_go_on(night, llm):
    store = str(night[1].files.root)
    changed = ["--set", "captions.weights=random:8", "--caption-method", "text-decoder", "--llm-model", "third"]
    said = asd("caption", *options(store), *asking(llm), *LAST_NIGHT, *changed, "--no-report")
    assert said.json["errors_by_reason"] == {"no_evidence": said.json["asked"]}  # the archive is gone
