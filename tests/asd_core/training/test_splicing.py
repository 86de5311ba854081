import torch

from asd_core.training.splicing import LONGEST, SHORTEST, splice, spliced


def batch(rows=6, length=12, classes=2):
    inputs = torch.arange(rows * length, dtype=torch.float32).view(rows, length)
    targets = torch.nn.functional.one_hot(torch.arange(rows) % classes, 2 * classes).float()
    return inputs, targets


def test_a_run_comes_from_the_partner_and_the_label_says_how_much():
    inputs, targets = batch(2, 4)
    mixed, labels = spliced(inputs, targets, torch.tensor([1, 0]), torch.tensor([1, 0]), torch.tensor([1, 0]))
    assert mixed.tolist() == [[0, 5, 2, 3], [4, 5, 6, 7]]
    assert labels.tolist() == [[0, 0, 0.75, 0.25], [0, 1, 0, 0]]


def test_random_runs_equal_a_slow_twin_number_by_number():
    inputs, targets = batch(64, 60)
    mixed, labels = splice(inputs, targets, 0.5, torch.Generator().manual_seed(3))
    partners = (mixed // 60).long()  # the row that every number is of
    for row in range(64):
        theirs = [place for place in range(60) if partners[row, place] != row]
        others = {int(partners[row, place]) for place in theirs}
        assert len(others) <= 1 and theirs == list(range(theirs[0], theirs[-1] + 1) if theirs else [])
        assert mixed[row].remainder(60).tolist() == list(range(60))  # every number keeps its place
        if theirs:
            share, (other,) = len(theirs) / 60, others
            assert SHORTEST - 1 / 60 <= share <= LONGEST
            expected = (1 - share) * targets[row].roll(2) + share * targets[other].roll(2)
            torch.testing.assert_close(labels[row], expected)
        else:
            assert torch.equal(labels[row], targets[row])


def test_a_probability_of_0_changes_nothing_and_of_1_splices_every_sample():
    inputs, targets = batch()
    generator = torch.Generator().manual_seed(0)
    assert splice(inputs, targets, 0.0, generator)[0] is inputs
    assert splice(inputs, targets, 1.0, generator)[1][:, :2].sum() == 0  # with this seed none meets itself
    torch.testing.assert_close(splice(inputs, targets, 0.7, generator)[1].sum(1), torch.ones(6))


def test_the_same_seed_splices_alike():
    one, other = (splice(*batch(), 0.5, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])
