import pytest
import torch

from asd_core.errors import UsageError
from asd_core.training.mixing import drawn_mix, exchange, feature_exchange, mixup


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


LABELS = torch.eye(3)[torch.tensor([0, 1, 2, 1])]


def test_mixup_equals_a_loop_over_samples():
    inputs, targets = torch.randn(40, 9, generator=drawn(1)), torch.eye(3)[torch.arange(40) % 3]
    mixed, labels = mixup(inputs, targets, 0.5, drawn())
    shares, partners = drawn_mix(40, 0.5, drawn())
    for i in range(40):
        share, j = shares[i].item(), partners[i].item()
        torch.testing.assert_close(mixed[i], share * inputs[i] + (1 - share) * inputs[j])
        torch.testing.assert_close(labels[i], share * targets[i] + (1 - share) * targets[j])


def test_mixed_labels_still_sum_to_one_and_a_seed_gives_the_same_mix():
    inputs = torch.randn(4, 2, 5, generator=drawn(1))
    mixed, labels = mixup(inputs, LABELS, 1.0, drawn())
    torch.testing.assert_close(labels.sum(dim=1), torch.ones(4))
    assert torch.equal(mixup(inputs, LABELS, 1.0, drawn())[0], mixed)
    assert mixup(inputs, LABELS, 0.0, drawn())[0] is inputs


def test_half_of_the_samples_are_mixed_with_uniform_shares():
    shares, partners = drawn_mix(20_000, 0.5, drawn())
    mixed = shares[shares < 1]
    assert len(mixed) / 20_000 == pytest.approx(0.5, abs=0.02)
    assert mixed.mean().item() == pytest.approx(0.5, abs=0.01)
    assert mixed.var().item() == pytest.approx(1 / 12, abs=0.003)  # of U(0, 1); Beta(0.2, 0.2) has 0.18
    assert sorted(partners.tolist()) == list(range(20_000))


def test_labels_of_two_branches_by_hand():
    embeddings = torch.arange(16.0).view(4, 4)
    origins = [torch.tensor([0, 1, 3, 3]), torch.tensor([0, 1, 0, 3])]  # sample 2 has its branches from 3 and 0
    moved = torch.tensor([False, False, True, False])
    mixed, labels = exchange(embeddings, [1, 3], LABELS, origins, moved)
    assert mixed[2].tolist() == [12, 1, 2, 3]
    assert labels[2].tolist() == [0, 0, 0] + [0, 0.5, 0] + [0.5, 0, 0]
    assert labels[0].tolist() == [1, 0, 0] + [0] * 6 and torch.equal(mixed[0], embeddings[0])


def test_labels_of_three_branches_by_hand():
    embeddings = torch.arange(12.0).view(4, 3)
    origins = [torch.tensor([2, 0, 1, 3]), torch.tensor([0, 1, 2, 3]), torch.tensor([1, 3, 0, 2])]
    mixed, labels = exchange(embeddings, [1, 1, 1], LABELS, origins, torch.tensor([True, True, False, True]))
    third = 1 / 3
    assert mixed[0].tolist() == [6, 1, 5] and mixed[1].tolist() == [0, 4, 11]
    torch.testing.assert_close(labels[0], torch.tensor([0, 0, 0, 0, 0, third, third, 0, 0, 0, third, 0]))
    torch.testing.assert_close(labels[3], torch.tensor([0, 0, 0, 0, third, 0, 0, third, 0, 0, 0, third]))


@pytest.mark.parametrize("dims", [[2, 3], [2, 2, 1]])
def test_every_branch_comes_from_the_sample_that_its_label_names(dims):
    n, m = 30, len(dims)
    own = torch.arange(float(n))[:, None]
    mixed, labels = feature_exchange(own.repeat(1, 5), dims, torch.eye(n), 0.5, drawn())
    parts = labels.view(n, m + 1, n)
    for i, branches in enumerate(mixed.split(dims, dim=1)[0][:, 0].tolist()):
        assert branches == i or parts[i, 0].sum() == 0
    moved = parts[:, 0].sum(dim=1) == 0
    assert 0 < moved.sum() < n
    for branch, values in enumerate(mixed.split(dims, dim=1), 1):
        named = parts[moved, branch].argmax(dim=1).to(values.dtype)
        assert torch.equal(values[moved][:, 0], named) and torch.equal(values[moved][:, -1], named)
        assert torch.equal(values[~moved], own[~moved].expand_as(values[~moved]))
    torch.testing.assert_close(labels.sum(dim=1), torch.ones(n))


def test_as_the_paper_writes_it_the_first_branch_stays_and_meeting_oneself_is_no_exchange():
    n = 30
    mixed, labels = feature_exchange(
        torch.arange(float(n)).repeat(2, 1).T, [1, 1], torch.eye(n), 1.0, drawn(), "second"
    )
    assert mixed[:, 0].tolist() == list(range(n))
    same = mixed[:, 1] == mixed[:, 0]
    assert same.any() and torch.equal(labels[same][:, :n], torch.eye(n)[same])
    assert (labels[~same][:, :n] == 0).all() and (labels[~same][:, n : 2 * n] == 0.5 * torch.eye(n)[~same]).all()
    with pytest.raises(UsageError, match='written for two branches, and this network has 3: take "all"'):
        feature_exchange(torch.zeros(2, 3), [1, 1, 1], torch.eye(2), 0.5, drawn(), "second")
