import torch

from asd_core.training.job import decoded_here, run_job
from tests.asd_core.training.jobs import job_in


def test_a_job_is_carried_out_on_its_threads_and_tells_of_its_network(tmp_path):
    threads, told = torch.get_num_threads(), []
    done = run_job(job_in(tmp_path), decoded_here, report=lambda step, steps, row: told.append((step, steps)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)] and torch.get_num_threads() == threads
    assert done.network == {"sample_rate": 16_000, "branch_dims": [4, 4], "parameters": 328, "trained": 328}
    assert (tmp_path / "store/trained/own/run" / done.kept[2]).exists()
