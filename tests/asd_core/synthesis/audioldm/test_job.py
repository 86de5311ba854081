from dataclasses import replace

import numpy as np
import pytest
import torch

from asd_core.synthesis.audioldm.job import one_segment
from asd_core.training.checkpoints import Checkpoints
from asd_core.training.job import decoded_here, run_job
from asd_core.training.loop import Asked
from tests.asd_core.synthesis.audioldm.tiny import TINY
from tests.asd_core.synthesis.audioldm.tones import job_in

SHORT = replace(TINY, seconds=0.04, steps=5, batch_size=4, warmup_steps=2, learning_rate=1e-3)


class Broken(Exception):
    pass


def kept(job, done):
    (name,) = done.kept.values()
    return Checkpoints(job.store_url, job.folder).read(name)


@pytest.mark.parametrize("trains", ["unet", "lora"])
def test_a_fine_tuning_that_breaks_ends_with_the_weights_of_an_unbroken_one(tmp_path, trains):
    generator = replace(SHORT, trains=trains, accumulation=2)

    def stop(step, steps, row):
        if step == 3:
            raise Broken

    whole = job_in(tmp_path / "whole", generator)
    done = run_job(whole, decoded_here)
    broken = replace(job_in(tmp_path / "broken", generator, save_seconds=0.0), clips=whole.clips)
    with pytest.raises(Broken):
        run_job(broken, decoded_here, report=stop)
    assert Checkpoints(broken.store_url, broken.folder).progressed().step in (2, 3)
    again = run_job(broken, decoded_here)
    assert kept(broken, again) == kept(whole, done)
    assert again.history == done.history


def test_epochs_end_without_a_checkpoint_but_the_last(tmp_path):
    job, found = job_in(tmp_path, SHORT), []
    folder = tmp_path / "store" / job.folder
    run_job(job, decoded_here, report=lambda step, steps, row: found.append((folder / "state.json").exists()))
    assert found == [False, False, False, False, True]


def test_a_job_tells_how_many_weights_move(tmp_path):
    whole = run_job(job_in(tmp_path, SHORT), decoded_here).network
    assert whole["trained"] == whole["parameters"] == 269_944


def test_long_clips_give_another_segment_in_each_epoch_and_short_ones_zeros_behind_them(tmp_path):
    job = job_in(tmp_path, replace(SHORT, seconds=0.02))
    decoder = job.waveforms(job.clips, 16_000, 0)
    assert decoder.batch(Asked(1, np.arange(2)))[1].shape == (2, 640)
    long = np.arange(2000, dtype=np.int16)[None] * np.arange(2000)[::-1] % 999
    made = [one_segment(long.astype(np.int16), 640, 0, epoch, 3, peak=0.25) for epoch in (1, 1, 2)]
    assert np.array_equal(made[0], made[1]) and not np.array_equal(made[0], made[2])
    assert np.abs(made[0]).max() == pytest.approx(0.25, rel=1e-5)
    assert not one_segment(long[:, :100].astype(np.int16), 640, 0, 1, 3, peak=0.25)[100:].any()


def test_a_fine_tuning_lowers_the_loss(tmp_path):
    generator = replace(SHORT, steps=40, batch_size=8, learning_rate=1e-2)
    losses = [row["loss"] for row in run_job(job_in(tmp_path, generator), decoded_here).history]
    assert np.mean(losses[-5:]) < 0.5 * losses[0]


def losses_of(job):
    """The loss of the trained network on the tones with their captions, and with permuted ones."""
    from safetensors.torch import load

    done = run_job(job, decoded_here)
    model = replace(job, generator=replace(job.generator, unconditional=0.0)).new_model()
    model.network.load_state_dict(load(kept(job, done)))
    _, rows = job.waveforms(job.clips, 16_000, 0).batch(Asked(1, np.arange(8)))
    waveforms, own = torch.from_numpy(rows), torch.arange(8)
    with torch.no_grad():
        return [
            np.mean([float(model(waveforms, numbers, 10**6 + seed)) for seed in range(64)])
            for numbers in (own, own.roll(1))
        ]


@pytest.mark.slow
def test_a_network_that_has_learned_eight_clips_is_misled_by_permuted_captions(tmp_path):
    learned = replace(SHORT, steps=300, batch_size=8, accumulation=4, learning_rate=1e-2, unconditional=0.0)
    # Twins that captions do not mislead: one that has learned nothing, and one that has learned without captions.
    untrained = replace(learned, steps=1, learning_rate=1e-9)
    blind = replace(learned, unconditional=1.0)
    first, first_permuted = losses_of(job_in(tmp_path / "untrained", untrained))
    right, wrong = losses_of(job_in(tmp_path / "learned", learned))
    unled, unled_permuted = losses_of(job_in(tmp_path / "blind", blind))
    assert right < 0.1 * first
    assert wrong > 1.2 * right
    assert first_permuted < 1.01 * first
    assert unled_permuted < 1.05 * unled
