from dataclasses import replace

import pytest
import torch
from safetensors.torch import load

from asd_core.training.checkpoints import Checkpoints
from asd_core.training.loop import Asked
from asd_core.training.plan import TrainingPlan
from asd_core.training.step import batch_seed, new_optimiser
from cluster.train import TrainResources, train_on_ray
from tests.asd_core.synthesis.audioldm.tiny import TINY
from tests.asd_core.synthesis.audioldm.tones import job_in


def by_hand(job, workers, steps):
    """The trained tensors, where one process adds up the gradients of all workers."""
    plan, model = TrainingPlan(job.config, job.indices, workers), job.new_model()
    decoder, optimiser = job.waveforms(job.clips, 16_000, 0), new_optimiser(model, job.config)
    for step in range(steps):
        optimiser.zero_grad()
        for rank in range(workers):
            positions, rows = decoder.batch(Asked(plan.epoch_of(step), plan.positions(step, rank)))
            classes = torch.from_numpy(job.indices[positions])
            loss = model(torch.from_numpy(rows), classes, batch_seed(job.config.seed, step, rank))
            (loss / workers).backward()
        optimiser.step()
    return model.network.state_dict()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_workers_fine_tune_a_generator_as_one_process_does_that_adds_up_their_gradients(tmp_path, ray_session):
    config = replace(TINY, seconds=0.04, steps=2, batch_size=8, warmup_steps=0, learning_rate=1e-3, trains="lora")
    job, told = job_in(tmp_path, config), []
    done = train_on_ray(job, TrainResources(2), lambda step, steps, row: told.append(step))
    assert told == [1, 2] and done.lost == {} and done.network["trained"] < done.network["parameters"]
    made = load(Checkpoints(job.store_url, job.folder).read(done.kept[2]))
    expected, before = by_hand(job, 2, 2), job.new_model().network.state_dict()
    assert made.keys() == expected.keys()
    for name, value in made.items():
        assert torch.allclose(value, expected[name], atol=1e-5), name
    assert any(not torch.equal(value, before[name]) for name, value in made.items())
