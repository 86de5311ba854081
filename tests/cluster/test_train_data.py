import numpy as np
import pytest

from asd_core.training.loop import Asked
from asd_core.training.waveforms import DecodedWaveforms
from cluster.train_data import RayDataWaveforms, as_float
from tests.asd_core.training.jobs import job_in
from tests.fleet import clip_path


@pytest.mark.timeout(300)
def test_batches_are_those_of_this_process_to_the_bit_and_in_their_order(tmp_path, ray_session):
    job = job_in(tmp_path)
    clip_path(tmp_path / "archive", "00", "2026-11-01", 2).unlink()
    asked = [Asked(epoch, np.array(some)) for epoch, some in ((1, [3, 1, 2]), (1, [0]), (2, [5, 4]))]
    here, there = DecodedWaveforms(job.clips, job.encoder, 16_000, 0), RayDataWaveforms(job, 16_000, 1.0)
    for (positions, rows), (own, own_rows) in zip(there(asked), here(asked), strict=True):
        assert positions.tolist() == own.tolist() and np.array_equal(rows, own_rows)
    assert there.lost == here.lost and len(here.lost) == 1


def test_sixteen_bits_come_back_as_they_were():
    assert as_float(np.array([-32_768, 16_384], np.int16)).tolist() == [-1.0, 0.5]
    assert as_float(np.array([0.1], np.float32)).dtype == np.float32
