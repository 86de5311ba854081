import torch

from asd_core.encoders.clap.text_tensors import random_mapper, random_projection


def test_random_tensors_come_from_their_seed_alone():
    before = torch.random.get_rng_state()
    for make in (random_projection, random_mapper):
        one, same, other = make(0), make(0), make(1)
        assert all(torch.equal(one[name], same[name]) for name in one)
        assert not torch.equal(one[next(iter(one))], other[next(iter(other))])
    assert torch.equal(torch.random.get_rng_state(), before)
