"""From the labels of an archive to generated clips."""

from dataclasses import asdict, replace

import pytest

from asd_core.clips.clip import Placement, clips_table
from asd_core.errors import UsageError
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe
from asd_core.runs.fine_tune import fine_tune_generator
from asd_core.runs.synthesize import ReadyGenerator, captioned, check_synthesis, stored_generator, synthesize
from asd_core.store.store import open_store
from asd_core.synthesis.metadata_captions.pairs import PAIRS
from tests.asd_core.synthesis.generation.fakes import QUICK, NoiseSource

RECIPE = Recipe("quick", {"generator": asdict(replace(QUICK, clips=3))})
KINDS = [
    *(("ToyCar", "00", split, "source", "car_B2", "normal") for split in ("train", "test")),
    ("ToyCar", "00", "test", "source", "car_B2", "anomalous"),
    ("grinder", "00", "train", "source", "grindstone_2_plate_2", "normal"),
    ("grinder", "00", "train", "target", "grindstone_1_plate_4", "normal"),
    ("grinder", "00", "test", "target", "grindstone_1_plate_4", "anomalous"),
]


def archive():
    places = [Placement(kind, one, split, *rest) for kind, one, split, *rest in KINDS]
    return clips_table([f"file:///{n}.wav" for n in range(len(KINDS))], [1] * len(KINDS), ["1"] * len(KINDS), places)


def captions(*targets, references=None):
    clips = archive()
    normals = clips.filter([split == "train" for split in clips["split"].to_pylist()])
    return captioned(RECIPE, clips, normals, targets, references)


def test_a_generator_hears_what_equation_3_says_and_makes_what_equation_4_says(tmp_path):
    heard = []

    def made_ready(captions):
        heard.append(captions.pairs)
        return ReadyGenerator(NoiseSource(), {"generator": {"name": "plant"}})

    store, asked = open_store(str(tmp_path)), captions("grinder")
    record = synthesize(store, RECIPE, "plant", asked, made_ready, LocalEngine())
    kinds = sorted(set(zip(*(heard[0][name].to_pylist() for name in ("machine_type", "condition")), strict=True)))
    assert kinds == [("ToyCar", "anomalous"), ("ToyCar", "normal"), ("grinder", "normal")]
    assert (record["targets"], record["references"]) == (["grinder"], ["ToyCar"])
    made = {path.name for path in (store.files.root / record["folder"]).rglob("*.wav")}
    told = [("source", n, "grindstone_2_plate_2") for n in (0, 1)] + [("target", 2, "grindstone_1_plate_4")]
    assert made == {
        f"section_00_{domain}_test_{word}_{number:04d}_{attributes}.wav"
        for domain, number, attributes in told
        for word in ("normal", "anomaly")
    }


def test_a_target_that_there_is_not_is_one_line():
    with pytest.raises(UsageError, match="no clip is of machine type 'grindr'; did you mean 'grinder'"):
        captions("grindr")


def test_names_and_weights_are_checked_first():
    with pytest.raises(UsageError, match="--as a/b: a name may hold"):
        check_synthesis(RECIPE, "a/b")
    bad = Recipe("quick", {"generator": asdict(replace(QUICK, clap_weights="/no/such"))})
    with pytest.raises(UsageError, match="clap_weights"):
        check_synthesis(bad, "plant")


def test_a_stored_generator_that_has_heard_anomalies_of_a_target_is_refused(tmp_path):
    store, config = open_store(str(tmp_path)), replace(QUICK, size="tiny", weights="random", trains="nothing")
    recipe = Recipe("quick", {"generator": asdict(config)})
    heard = {"references": ["ToyCar"], "targets": ["grinder"]}
    fine_tune_generator(store, recipe, "plant", PAIRS.empty_table(), LocalEngine(), None, **heard)
    ready = stored_generator(store, "plant", config, "cpu", ["grinder"])
    assert ready.told["generator"]["digest"] == ready.source.digest and "random weights" in ready.source.note
    with pytest.raises(UsageError, match="generator plant has heard anomalies of ToyCar, which is a target"):
        stored_generator(store, "plant", config, "cpu", ["grinder", "ToyCar"])
