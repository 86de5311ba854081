from dataclasses import replace

import pytest
import torch

from asd_core.errors import UsageError
from asd_core.training.parts import prepare
from tests.asd_core.training.examples import CONFIG
from tests.tiny_encoder import TinyEncoder


class Parted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.masking = None

    def train_only(self, part):
        self.part = part


def test_a_network_is_told_its_part_and_gets_its_masks():
    network = Parted()
    prepare(network, replace(CONFIG, trains="lora", freq_mask=8))
    assert network.part == "lora" and (network.masking.freq_mask, network.masking.time_mask) == (8, 0)


@pytest.mark.parametrize(
    ("more", "message"), [({"trains": "head"}, "only be trained as a whole"), ({"time_mask": 4}, "no spectrogram")]
)
def test_a_network_without_that_part_is_refused(more, message):
    with pytest.raises(UsageError, match=message):
        prepare(TinyEncoder.new_network({"width": 4}, 0), replace(CONFIG, **more))
