import pytest
import torch

from asd_core.encoders.anopatch.masking import SpecAugment


def masks(freq_mask, time_mask, probability=1.0, clips=4_000, rows=6, frames=9, seed=0):
    """The cells that are blotted out, (clips, rows, frames) bool."""
    masking = SpecAugment(freq_mask, time_mask, probability)
    masking.generator = torch.Generator().manual_seed(seed)
    return masking(torch.ones(clips, rows, frames)) == 0


def chances(widest, size):
    """Probability of each cell of an axis to be masked, by counting every width and place."""
    found = torch.zeros(size, dtype=torch.float64)
    for width in range(widest + 1):
        for start in range(size - width + 1):
            found[start : start + width] += 1 / (widest + 1) / (size - width + 1)
    return found


@pytest.mark.parametrize(("freq_mask", "time_mask", "axis"), [(4, 0, 1), (0, 5, 2)])
def test_each_cell_is_masked_as_often_as_counting_says(freq_mask, time_mask, axis):
    found = masks(freq_mask, time_mask, probability=0.5)
    lines = found.any(dim=3 - axis)
    assert torch.equal(found.all(dim=3 - axis), lines)  # whole rows or columns
    expected = 0.5 * chances(freq_mask + time_mask, lines.shape[1])
    errors = (expected * (1 - expected) / len(lines)).sqrt()
    assert ((lines.double().mean(dim=0) - expected).abs() < 4 * errors).all()


def test_a_mask_is_one_band_of_each_width_equally_often():
    lines = masks(4, 0).any(dim=2).int()
    widths = lines.sum(dim=1)
    edges = torch.nn.functional.pad(lines, (1, 1)).diff(dim=1).abs().sum(dim=1)
    assert torch.equal(edges, 2 * (widths > 0))
    counts = widths.bincount(minlength=5)
    assert len(counts) == 5 and (counts - 800).abs().max() < 4 * (4_000 * 0.2 * 0.8) ** 0.5


def test_both_masks_lie_over_one_another_and_the_rest_stays():
    masking = SpecAugment(3, 3, 1.0)
    masking.generator = torch.Generator().manual_seed(5)
    given = torch.randn(50, 6, 9)
    made = masking(given)
    assert torch.equal(made[made != 0], given[made != 0])
    cells = made == 0
    rows, columns = cells.all(dim=2), cells.all(dim=1)
    assert torch.equal(cells, rows[:, :, None] | columns[:, None, :]) and rows.any() and columns.any()


def test_the_same_seed_masks_the_same_cells():
    assert torch.equal(masks(3, 3, 0.5, seed=2), masks(3, 3, 0.5, seed=2))
    assert not torch.equal(masks(3, 3, 0.5, seed=2), masks(3, 3, 0.5, seed=3))


def test_a_mask_wider_than_the_spectrogram_may_cover_it_all():
    assert masks(80, 0).all(dim=(1, 2)).any()


def test_nothing_is_masked_outside_of_training_or_without_widths():
    assert not masks(0, 0).any() and not masks(3, 3, probability=0.0).any()
    given = torch.ones(2, 6, 9)
    assert SpecAugment(6, 9, 1.0).eval()(given) is given
