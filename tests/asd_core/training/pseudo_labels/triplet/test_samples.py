import pytest
import torch
from torch.nn.functional import triplet_margin_loss

from asd_core.training.pseudo_labels.triplet.samples import triplet_loss, triplets_of


def batch(count=32):
    """Spectrograms of the machine in the first bins, each of its own loudness, and of others in the last bins."""
    own, others = torch.zeros(count, 8, 10), torch.zeros(count, 8, 10)
    own[:, 1] = torch.arange(1.0, count + 1)[:, None]
    others[:, 7] = 1.0
    return own, others


def drawn(seed=0, count=32):
    own, others = batch(count)
    return own, triplets_of(own, others, torch.Generator().manual_seed(seed))


def is_noisy(spectrograms):
    return spectrograms[:, 7, 0] > 0


def test_positives_are_the_clips_with_noise_and_anchors_half_of_the_time():
    own, found = drawn()
    assert is_noisy(found.positives).all() and 8 < is_noisy(found.anchors).sum() < 24
    for made in (found.anchors, found.positives):
        assert torch.equal(made[:, :7], own[:, :7])


def test_negatives_are_resized_clips_and_then_other_clips_of_the_machine():
    own, found = drawn()
    first, second = found.negatives[:16, :7], found.negatives[16:, :7]
    moved = [not torch.allclose(a, b) for a, b in zip(first, own[:16, :7], strict=True)]
    assert 2 < sum(moved) < 16  # along time a constant sound stays as it is
    loudness = second[:, 1, 0]
    assert torch.equal(second, loudness[:, None, None] * (torch.arange(7) == 1)[:, None].expand(7, 10).float())
    assert len(set(loudness.tolist())) == 16 and not torch.equal(loudness, own[16:, 1, 0])


def test_noise_of_negatives_is_drawn_apart_from_that_of_anchors():
    pairs = {(bool(a), bool(n)) for s in range(5) for a, n in zip(*(map(is_noisy, drawn(s)[1][::2])), strict=True)}
    assert len(pairs) == 4


def test_the_same_seed_draws_the_same():
    one, other, third = (drawn(seed)[1] for seed in (3, 3, 4))
    assert all(map(torch.equal, one, other)) and not torch.equal(one.negatives, third.negatives)


@pytest.mark.parametrize("count", [2, 3])
def test_small_batches_have_both_kinds_of_negatives(count):
    assert drawn(count=count)[1].negatives.shape[0] == count


def test_the_loss_is_torchs_with_plain_distances():
    parts = torch.randn(3, 50, 6, generator=torch.Generator().manual_seed(0))
    twin = triplet_margin_loss(*parts, margin=1.0, p=2, eps=0)
    assert float(triplet_loss(*parts)) == pytest.approx(float(twin), rel=1e-6)


def test_the_loss_in_closed_form():
    origin = torch.zeros(1, 2)
    near, far = torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 5.5]])
    assert float(triplet_loss(origin, near, far)) == pytest.approx(0.5)
    assert float(triplet_loss(origin, near, 2 * far)) == 0
