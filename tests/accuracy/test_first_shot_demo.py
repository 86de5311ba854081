from dataclasses import replace

from asd_core.clips.archive import list_archive
from asd_core.recipe.recipe import load_recipe
from asd_core.synthesis.metadata_captions.pairs import training_pairs
from tests.accuracy.first_shot_demo import REFERENCES, SETTINGS, TARGETS, TEST, TRAIN, write_archive


def test_the_archive_has_anomalies_to_hear_of_references_and_to_judge_on_of_targets(tmp_path):
    train = replace(TRAIN, normal={"source": 2, "target": 1}, seconds=0.5)
    few = replace(TEST, normal={"source": 1, "target": 1}, anomalous={"source": 1, "target": 1}, seconds=0.5)
    assert write_archive(tmp_path, train, few) == 28
    pairs = training_pairs(list_archive(str(tmp_path)).clips, REFERENCES, TARGETS)
    kinds = set(zip(pairs["machine_type"].to_pylist(), pairs["condition"].to_pylist(), strict=True))
    assert {kind for kind, condition in kinds if condition == "anomalous"} == set(REFERENCES)
    assert {kind for kind, _ in kinds} == {*REFERENCES, *TARGETS} and "speed 1.1" in " ".join(
        pairs["caption"].to_pylist()
    )


def test_the_generator_is_tiny_and_random():
    changes = {f"generator.{name}": value for name, value in SETTINGS.items()}
    own = load_recipe("fs-twfr-gmm").with_settings(changes).for_machine("").generator
    assert (own.size, own.weights, own.candidates) == ("tiny", "random", 1)
