import json
from pathlib import Path

import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.train import train_encoder
from asd_core.store.store import open_store
from asd_core.training.job import decoded_here, run_job
from tests.accuracy.train_demo import (
    TRAINED,
    UNTRAINED,
    Demo,
    broken_and_resumed,
    epochs_kept,
    judged,
    report,
    trained_by_command,
)
from tests.accuracy.working_conditions import ConditionedFleet

RECIPE = load_recipe("multires-small").with_settings(
    {
        "encoder.stft": [256],
        "encoder.channels": 16,
        "encoder.embedding": 8,
        "encoder.clip_seconds": 1.0,
        "training.batch_size": 8,
        "training.epochs": 4,
        "training.sub_clusters": 2,
    }
)
FLEET = ConditionedFleet(("fan", "valve"), 1, 2, 2, 2, 2, 1, seconds=1.0)


def train_here(archive, store, recipe, name):
    from asd_core.clips.archive import list_archive
    from asd_core.clips.selection import training_clips

    clips = training_clips(list_archive(str(archive)).clips)
    record = train_encoder(
        open_store(store), recipe, name, clips, LocalEngine(), lambda job, report: run_job(job, decoded_here)
    )
    return record | record["counts"] | {"classes": record["classes"]}


def test_every_recipe_judges_the_same_faults_and_the_report_compares_them(tmp_path):
    said = []
    demo = Demo(tmp_path, FLEET, RECIPE, (5,))
    found = judged(demo, 5, train_here, LocalEngine(), said.append)
    assert len(found) == 5 and len({frozenset(own) for own in found.values()}) == 1
    assert found[TRAINED] != found[UNTRAINED]
    assert "weights trained on 28 clips of 8 classes" in said[0]
    lines = report(found)
    assert any(line.startswith(f"| {TRAINED} against") for line in lines)
    assert sum(line.startswith("| leak |") for line in lines) == 2 and max(map(len, lines)) <= 120


def test_the_epoch_of_a_training_under_way_is_that_of_its_last_checkpoint(tmp_path):
    assert epochs_kept(tmp_path, "net") == 0
    state = tmp_path / "trained" / "net" / "under_way" / "run" / "state.json"
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"history": [{"epoch": 1}, {"epoch": 2}]}))
    assert epochs_kept(tmp_path, "net") == 2


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_training_that_was_killed_and_resumed_has_the_same_weights(tmp_path):
    demo, said = Demo(tmp_path, FLEET, RECIPE.with_settings({"training.epochs": 12}), (0,), "local"), []
    archive, stores = demo.archive(0), [str(tmp_path / name) for name in ("one", "other")]
    whole = trained_by_command(demo, archive, stores[0], demo.recipe, "net")
    resumed = broken_and_resumed(demo, archive, stores[1], demo.recipe, "net", said.append)
    assert resumed["digest"] == whole["digest"] and "killed after epoch" in said[0]
    assert Path(stores[1]).is_dir()
