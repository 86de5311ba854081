import pytest
import torch
import torch.distributed as dist

from cluster.train_worker import Board, Joined


@pytest.fixture
def group():
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def test_a_world_of_torch_adds_up_and_gathers(group):
    world = Joined("cpu")
    assert (world.rank, world.size, world.all_of({"a": "b"})) == (0, 1, {"a": "b"})
    values = torch.ones(2)
    assert torch.equal(world.total(values), values) and world.total(values) is not values


def test_gradients_of_a_joined_model_are_its_own_where_it_is_alone(group):
    model, world = torch.nn.Linear(2, 1), Joined("cpu")
    joined = world.joined(model)
    with world.apart(joined):
        joined(torch.ones(1, 2)).sum().backward()
    joined(torch.ones(1, 2)).sum().backward()
    assert torch.equal(model.weight.grad, torch.full((1, 2), 2.0))


def test_a_board_keeps_what_is_told_until_it_is_read_and_the_first_failure():
    board = Board()
    board.tell(1, 2, {})
    assert board.take() == [(1, 2, {})] and board.take() == []
    board.fail("first", 1)
    board.fail("second", 2)
    board.finish({"step": 2})
    assert board.failure() == ("first", 1) and board.outcome() == {"step": 2}
