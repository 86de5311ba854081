"""A training of the tiny network on noises of several levels, without any file of audio."""

import numpy as np
from threadpoolctl import threadpool_limits

from asd_core.recipe.training_settings import TrainingConfig
from asd_core.training.checkpoints import Checkpoints
from asd_core.training.heads import new_heads
from asd_core.training.loop import train
from asd_core.training.plan import TrainingPlan
from asd_core.training.step import TrainedModel
from tests.tiny_encoder import TinyEncoder

CONFIG = TrainingConfig(epochs=4, batch_size=8, keep=(2, 4), sub_clusters=2, validation_share=0.25, warmup_steps=3)
CLASSES = np.arange(40) % 3


def waveforms():
    """(40, 2048): noise whose level along a clip tells its class."""
    draw = np.random.default_rng(0)
    shape = np.stack([np.linspace(1, end, 2048) for end in (1, 3, 5)])[CLASSES]
    return (0.1 * shape * draw.normal(size=(40, 2048))).astype(np.float32)


class ArraySource:
    """Gives rows of an array."""

    def __init__(self, rows):
        self.rows, self.lost, self.asked = rows, {}, []

    def __call__(self, batches):
        for one in batches:
            self.asked.append(one)
            yield one.positions, self.rows[one.positions]


def new_model(config=CONFIG, width=4):
    network = TinyEncoder.new_network({"width": width}, config.seed)
    return TrainedModel(network, new_heads(config, network.branch_dims, 3, config.seed), config)


def trained(folder, config=CONFIG, source=None, model=None, **options):
    """The model and how far it is after a training whose checkpoints are in a folder."""
    model = model or new_model(config)
    source = source or ArraySource(waveforms())
    with threadpool_limits(1):
        done = train(model, TrainingPlan(config, CLASSES), source, Checkpoints(str(folder), "run"), **options)
    return model, done
