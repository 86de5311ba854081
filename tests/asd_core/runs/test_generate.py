"""The run that makes clips from captions."""

from dataclasses import asdict, replace

import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe
from asd_core.runs.generate import generate_clips
from asd_core.store.store import open_store
from asd_core.synthesis.generation.plan import plan_clips
from tests.asd_core.synthesis.generation.fakes import QUICK, NoiseSource, wanted_of

RECIPE = Recipe("quick", {"generator": asdict(QUICK)})
WANTED = wanted_of(("fan", "00"), clips=2)
PLANNED = plan_clips(WANTED, QUICK)


def generate(folder, wanted=WANTED, config=QUICK, source=None, **made_from):
    store, recipe = open_store(str(folder)), Recipe("quick", {"generator": asdict(config)})
    made_from = {"generator": {"name": "plant"}, **made_from}
    return generate_clips(store, recipe, "plant", wanted, source or NoiseSource(), LocalEngine(), made_from), store


def sums(store, record):
    return {path.name: path.read_bytes() for path in (store.files.root / record["folder"]).rglob("*.wav")}


def test_a_run_is_recorded_with_counts_notes_and_page_and_not_repeated(tmp_path):
    record, store = generate(tmp_path, notes=["captions are short"], seconds={"fine-tune": 1.0})
    assert {**record, "already_complete": True} == generate(tmp_path)[0]
    assert store.run(record["run_id"])["counts"] == {
        "planned": 4,
        "made": 4,
        "normal": 2,
        "anomalous": 2,
        "machines": 1,
        "errors": 0,
        "errors_by_reason": {},
    }
    assert record["notes"] == ["random weights (seed 0)", "captions are short"]
    assert record["seconds"].keys() == {"fine-tune", "generate"} and record["validation"] == record["folder"]
    page = store.files.read(record["page"]).decode()
    assert "random weights (seed 0)" in page and record["run_id"] in page


def test_another_seed_gives_other_clips_under_the_same_names(tmp_path):
    record, store = generate(tmp_path)
    other, _ = generate(tmp_path, config=replace(QUICK, seed=1))
    first, second = sums(store, record), sums(store, other)
    assert first.keys() == second.keys() and set(first.values()).isdisjoint(second.values())


def test_a_condition_without_a_usable_clip_is_a_note(tmp_path):
    anomalies = [clip for clip in PLANNED if clip.condition == "anomalous"]
    bad = tuple((seed, "silent") for clip in anomalies for seed in clip.seeds)
    record, _ = generate(tmp_path, source=NoiseSource(bad))
    assert "fan 00 has no anomalous clip that can be used" in record["notes"]
    assert record["counts"]["errors_by_reason"] == {"silent": 2}


@pytest.mark.parametrize(("machine_id", "told"), [("07", ""), ("line-7", "/clips.parquet")])
def test_a_machine_that_names_cannot_tell_is_told_by_the_table(tmp_path, machine_id, told):
    record, _ = generate(tmp_path, wanted_of(("fan", machine_id), clips=1))
    assert record["validation"] == record["folder"] + told
    assert any("clips.parquet" in note for note in record["notes"]) == bool(told)
