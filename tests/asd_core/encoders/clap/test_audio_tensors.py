import torch

from asd_core.encoders.clap.audio_tensors import random_tensors, tensor_shapes
from asd_core.encoders.clap.audio_tower import audio_digest
from asd_core.encoders.clap.weights import CLAPCAP_2023, digest
from tests.asd_core.encoders.clap.random_towers import tower

HEADS = ("base.htsat.tscam_conv.", "base.htsat.head.", "base.htsat.bn0.num_batches_tracked")


def test_the_table_of_tensors_is_the_modules_own_but_for_what_does_not_reach_an_embedding():
    state = tower().module.state_dict()
    assert {name: tuple(value.shape) for name, value in state.items() if not name.startswith(HEADS)} == tensor_shapes()


def test_random_tensors_follow_their_seed_alone_on_every_machine():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    made = random_tensors(3)
    assert torch.equal(before, torch.get_rng_state())
    assert digest(made) == digest(random_tensors(3))
    assert audio_digest("random") == audio_digest("random:0", CLAPCAP_2023) == "e81228c6fd666dfb"
    assert audio_digest("random:1") != audio_digest("random")
