import os
import signal
import time
from dataclasses import replace

import pytest

from asd_core.errors import AsdError, UsageError
from asd_core.training.checkpoints import Checkpoints
from cluster.train import TrainResources, shares, train_on_ray
from tests.asd_core.training.jobs import job_in
from tests.cluster.kills import Command, processes
from tests.fleet import NIGHTS, write_fleet
from tests.jobs.trained import RECIPE


def test_one_decoder_at_least_has_room_beside_all_workers():
    assert shares({"CPU": 8}, TrainResources(2, 2)) == (1.0, 2.0)
    assert shares({"CPU": 2}, TrainResources(2, 1)) == (1.0, 0.499)
    assert shares({"CPU": 1}, TrainResources(1, 1)) == (0.5, 0.499)
    with pytest.raises(AsdError, match="2 workers want 2 GPUs, but the cluster has 1: lower --workers"):
        shares({"CPU": 8, "GPU": 1}, TrainResources(2, 1, 1.0))


@pytest.mark.timeout(600)
def test_two_workers_share_each_batch_and_a_finished_training_does_nothing_again(tmp_path, ray_session):
    job, told = job_in(tmp_path), []
    done = train_on_ray(job, TrainResources(2), lambda step, steps, row: told.append((step, row["epoch"])))
    assert (done.step, told) == (4, [(1, 1), (2, 1), (3, 2), (4, 2)])
    assert done.network["parameters"] == 328 and done.lost == {} and list(done.kept) == [2]
    assert Checkpoints(job.store_url, job.folder).progressed().step == 4


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_failure_that_no_new_start_mends_is_told_as_it_is(tmp_path, ray_session):
    job = job_in(tmp_path)
    with pytest.raises(UsageError, match="cannot be shared by 2 workers"):
        train_on_ray(replace(job, config=replace(job.config, batch_size=5)), TrainResources(2), print)


def workers():
    return [pid for pid, (_, _, line) in processes().items() if "RayTrainWorker" in line]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_worker_that_dies_costs_a_new_start_from_the_last_checkpoint(tmp_path):
    write_fleet(tmp_path / "archive")
    (tmp_path / "tiny.toml").write_text(RECIPE.format(epochs=12))
    line = ["train", tmp_path / "archive", "--recipe", tmp_path / "tiny.toml", "--as", "own", "--until", NIGHTS[1]]
    line += ["--workers", 2, "--json"]
    whole = Command(tmp_path, *line, "--store", tmp_path / "whole").end(900)[1]
    broken = Command(tmp_path, *line, "--store", tmp_path / "broken")
    assert broken.wait_for("epoch 3 of 12", 600)
    victim = workers()[0]
    os.kill(victim, signal.SIGKILL)
    time.sleep(1)
    code, told = broken.end(900)
    assert code == 0 and told["digest"] == whole["digest"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_command_that_dies_with_all_its_workers_goes_on_when_it_is_run_again(tmp_path):
    write_fleet(tmp_path / "archive")
    (tmp_path / "tiny.toml").write_text(RECIPE.format(epochs=6))
    line = ["train", tmp_path / "archive", "--recipe", tmp_path / "tiny.toml", "--as", "own", "--until", NIGHTS[1]]
    line += ["--workers", 2, "--json"]
    whole = Command(tmp_path, *line, "--store", tmp_path / "whole").end(900)[1]
    broken = Command(tmp_path, *line, "--store", tmp_path / "broken")
    assert broken.wait_for("epoch 3 of 6", 600)
    broken.kill()
    again = Command(tmp_path, *line, "--store", tmp_path / "broken")
    code, told = again.end(900)
    assert code == 0 and told["digest"] == whole["digest"] and "epoch 2 of 6" not in again.said
