import torch

from asd_core.training.world import Alone


def test_one_worker_is_the_whole_world():
    model, values, alone = torch.nn.Linear(1, 1), torch.ones(2), Alone()
    assert (alone.rank, alone.size) == (0, 1) and alone.joined(model) is model and alone.total(values) is values
    assert alone.all_of({"a": "b"}) == {"a": "b"}
    with alone.apart(model) as nothing:
        assert nothing is None
