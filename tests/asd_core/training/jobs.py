"""A training of the tiny network on a small fleet of two machines."""

import numpy as np

from asd_core.encoders.build import encoder_config
from asd_core.encoders.trainable import encoder_table
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.training.job import TrainingJob
from tests.fleet import listed, write_fleet
from tests.tiny_encoder import KIND


def job_in(tmp_path, **more):
    clips = listed(write_fleet(tmp_path / "archive", dates=["2026-11-01"]))
    config = TrainingConfig(epochs=2, keep=(), batch_size=4, sub_clusters=2)
    table = encoder_table(encoder_config({"kind": KIND, "clip_seconds": 1.0}))
    classes = np.array([int(name) for name in clips["machine_id"].to_pylist()])
    return TrainingJob(str(tmp_path / "store"), "trained/own/run", table, config, clips, classes, 2, **more)
