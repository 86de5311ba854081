from dataclasses import asdict, replace

import numpy as np
import pytest
import soundfile
import torch

from asd_core.errors import AsdError, UsageError
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.fine_tune import fine_tune_generator
from asd_core.runs.fine_tuning_record import fine_tuning_line
from asd_core.runs.train import Workers
from asd_core.store.store import open_store
from asd_core.store.tables import from_parquet
from asd_core.synthesis.audioldm.components import NETWORKS
from asd_core.synthesis.audioldm.stored_generator import load_generator, read_generator
from asd_core.training.job import decoded_here, run_job
from tests.asd_core.synthesis.audioldm.tiny import TINY, tiny_components
from tests.asd_core.synthesis.audioldm.tones import CAPTIONS, pairs, write_tones

SHORT = replace(TINY, seconds=0.04, steps=3, batch_size=4, warmup_steps=0, learning_rate=1e-3)


def recipe_of(config):
    return load_recipe("twfr-gmm").with_settings({f"generator.{key}": value for key, value in asdict(config).items()})


def execute(job, report):
    return run_job(job, decoded_here, report=report)


def fine_tuned(store, clips, config=SHORT, name="plant", execute=execute, **more):
    return fine_tune_generator(store, recipe_of(config), name, clips, LocalEngine(), execute, **more)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return pairs(write_tones(tmp_path_factory.mktemp("archive")))


@pytest.fixture(scope="module")
def made(clips, tmp_path_factory):
    store = open_store(str(tmp_path_factory.mktemp("store")))
    return store, fine_tuned(store, clips, references=("fan",), targets=("pump",))


def test_a_generator_is_found_by_its_name_and_says_that_its_weights_were_random(made):
    store, record = made
    _, stored = read_generator(store, "plant")
    assert stored.digest == record["digest"] and stored.digest.startswith("random-")
    assert (stored.references, stored.targets) == (("fan",), ("pump",))
    assert record["notes"] == [stored.note] and stored.note.startswith("random weights (seed 0)")
    assert stored.note in store.files.read(record["page"]).decode()
    assert fine_tuning_line(record).startswith(
        "fine-tuned plant (269,944 of 269,944 weights) on 8 clips with 8 captions"
    )


def test_every_pair_that_was_heard_is_in_the_store(made):
    store, record = made
    heard = from_parquet(store.files.read(f"{record['folder']}/heard.parquet"))
    assert sorted(heard["caption"].to_pylist()) == sorted(CAPTIONS)
    assert sorted(zip(heard["split"].to_pylist(), heard["condition"].to_pylist(), strict=True)) == [
        *[("test", "anomalous")] * 2,
        *[("train", "normal")] * 6,
    ]


def test_each_step_is_told_and_the_loss_ten_times_in_all(clips, tmp_path):
    told, said = [], []
    config = replace(SHORT, steps=20, batch_size=1)
    fine_tuned(open_store(str(tmp_path)), clips, config, progress=lambda *one: told.append(one), say=said.append)
    assert told[-20:] == [("fine-tuning steps", step, 20) for step in range(1, 21)]
    assert said[0] == "8 clips, 8 captions: 20 steps, batches of 1"
    assert [line.partition(":")[0] for line in said[1:]] == [f"step {step} of 20" for step in range(2, 21, 2)]


def test_a_loaded_generator_has_moved_weights_in_its_network_alone(made):
    components, before = load_generator(made[0], "plant"), tiny_components()
    for name in NETWORKS:
        own = [getattr(one, name).state_dict().values() for one in (components, before)]
        assert all(map(torch.equal, *own)) == (name != "unet")
    assert components.note and not any(value.requires_grad for value in components.unet.parameters())


def test_the_same_fine_tuning_is_not_repeated_whatever_is_sampled_with_it(made, clips):
    store, record = made

    def never(job, report):
        raise AssertionError

    again = fine_tuned(
        store, clips, replace(SHORT, guidance=1.0), execute=never, references=("fan",), targets=("pump",)
    )
    assert again["already_complete"] and again["run_id"] == record["run_id"]
    assert not store.files.list("generators/plant/under_way")


def test_a_fine_tuning_that_breaks_goes_on_to_the_same_generator(made, clips, tmp_path):
    def stop(step, steps, row):
        if step == 2:
            raise KeyboardInterrupt

    store, types = open_store(str(tmp_path)), {"references": ("fan",), "targets": ("pump",)}
    with pytest.raises(KeyboardInterrupt):
        fine_tuned(
            store,
            clips,
            execute=lambda job, _: run_job(replace(job, save_seconds=0.0), decoded_here, report=stop),
            **types,
        )
    record = fine_tuned(store, clips, **types)
    assert not record["already_complete"] and record["digest"] == made[1]["digest"]


def test_low_rank_additions_are_merged_into_a_loaded_network(clips, tmp_path):
    store = open_store(str(tmp_path))
    record = fine_tuned(store, clips, replace(SHORT, trains="lora", lora_rank=2))
    assert {info.path.rpartition("/")[2] for info in store.files.list(record["folder"])} == {
        "generator.json",
        "heard.parquet",
        "history.parquet",
        "lora.safetensors",
    }
    after, before = load_generator(store, "plant").unet.state_dict(), tiny_components().unet.state_dict()
    assert after.keys() == before.keys()
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved and all(".to_q." in name or ".to_v." in name for name in moved)


def test_pretrained_weights_alone_hear_nothing(clips, tmp_path):
    store = open_store(str(tmp_path))
    record = fine_tuned(store, clips, replace(SHORT, trains="nothing"), execute=None)
    assert len(from_parquet(store.files.read(f"{record['folder']}/heard.parquet"))) == 0
    assert fine_tuning_line(record) == "generator plant is random as it is: nothing is trained"
    after = load_generator(store, "plant").unet.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in tiny_components().unet.state_dict().items())


def test_a_clip_that_cannot_be_decoded_is_a_row_with_its_reason(tmp_path):
    archive, store = write_tones(tmp_path / "archive"), open_store(str(tmp_path / "store"))
    (archive / "fan/train/normal_id_00_00000003.wav").write_bytes(b"no sound")
    soundfile.write(archive / "fan/train/normal_id_00_00000004.wav", np.zeros(640), 16_000)
    record = fine_tuned(store, pairs(archive), replace(SHORT, steps=1))
    assert record["counts"]["errors_by_reason"] == {"not_audio": 1, "silent": 1}
    assert (record["counts"]["listed"], record["counts"]["trained"]) == (8, 6)
    assert len(from_parquet(store.files.read(f"{record['folder']}/heard.parquet"))) == 6
    assert "not_audio" in store.files.read(record["page"]).decode()


def test_clips_of_which_none_can_be_decoded_are_one_line(tmp_path):
    archive = write_tones(tmp_path / "archive")
    clips = pairs(archive)
    for path in archive.rglob("*.wav"):
        path.unlink()
    with pytest.raises(AsdError, match="none of 8 clips to fine-tune on can be decoded; the first is"):
        fine_tuned(open_store(str(tmp_path / "store")), clips)


def test_a_batch_that_workers_cannot_share_is_one_line(clips, tmp_path):
    with pytest.raises(UsageError, match="generator.batch_size = 4 cannot be shared by 3 workers"):
        fine_tuned(open_store(str(tmp_path)), clips, workers=Workers(3))
