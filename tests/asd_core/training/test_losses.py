import math
import warnings

import pytest
import torch

from asd_core.errors import AsdError, UsageError
from asd_core.training.losses import ArcFace, SubClusterAdaCos, cosines, fixed_scale


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def scac(dim=5, n_classes=3, sub_clusters=4, **options):
    return SubClusterAdaCos(dim, n_classes, sub_clusters, drawn(), **options)


def slow_scac(embeddings, targets, centres, n_classes, scale):
    """The definition, number by number, in float64."""
    sub, total = len(centres) // n_classes, 0.0
    for x, label in zip(embeddings.tolist(), targets.tolist(), strict=True):
        e = [math.exp(scale * cosine(x, c)) for c in centres.tolist()]
        for c in range(n_classes):
            total -= label[c] * math.log(sum(e[c * sub : (c + 1) * sub]) / sum(e))
    return total / len(embeddings)


def cosine(x, y):
    return sum(a * b for a, b in zip(x, y, strict=True)) / math.hypot(*x) / math.hypot(*y)


def test_two_classes_with_two_centres_each_by_hand():
    loss = scac(2, 2, 2, scale=1.0)
    loss.centres.copy_(torch.tensor([[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0], [0.0, -1.0]]))
    # Cosines of (5, 0): 1, 0 for class 0 and -1, 0 for class 1.
    p0 = (math.e + 1) / (math.e + 1 + 1 / math.e + 1)
    got = loss.log_probabilities(torch.tensor([[5.0, 0.0]]))[0]
    torch.testing.assert_close(got, torch.tensor([math.log(p0), math.log(1 - p0)]))
    soft = loss(torch.tensor([[5.0, 0.0]]), torch.tensor([[0.25, 0.75]]))
    assert soft.item() == pytest.approx(-0.25 * math.log(p0) - 0.75 * math.log(1 - p0))


def test_adacos_equals_its_definition_for_soft_labels():
    loss = scac()
    embeddings = torch.randn(7, 5, generator=drawn(1)) * 10
    targets = torch.rand(7, 3, generator=drawn(2))
    targets /= targets.sum(dim=1, keepdim=True)
    expected = slow_scac(embeddings, targets, loss.centres, 3, fixed_scale(3, 4))
    assert loss(embeddings, targets).item() == pytest.approx(expected, rel=1e-5)


def test_probabilities_sum_to_one_and_say_nothing_of_length():
    loss, embeddings = scac(), torch.randn(6, 5, generator=drawn(1))
    torch.testing.assert_close(loss.log_probabilities(embeddings).exp().sum(dim=1), torch.ones(6))
    torch.testing.assert_close(loss.log_probabilities(embeddings * 1000), loss.log_probabilities(embeddings))


def test_a_class_without_any_probability_still_has_a_finite_loss():
    loss = scac(2, 2, 1, scale=1e4)
    loss.centres.copy_(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    embeddings = torch.tensor([[1.0, 0.0]], requires_grad=True)
    value = loss(embeddings, torch.tensor([[0.0, 1.0]]))
    value.backward()
    assert value.item() == pytest.approx(2e4)
    assert torch.isfinite(embeddings.grad).all()


def test_the_fixed_scale_is_adacos_rule_over_all_centres():
    assert fixed_scale(167, 16) == pytest.approx(11.158, abs=5e-4)
    assert scac(n_classes=2, sub_clusters=2).scale == pytest.approx(math.sqrt(2) * math.log(3))
    with pytest.raises(UsageError, match="three centres in all"):
        fixed_scale(2, 1)


def test_centres_stay_unless_they_are_trained():
    assert [name for name, _ in scac().named_parameters()] == []
    assert "centres" in scac().state_dict()
    assert [name for name, _ in scac(trainable=True).named_parameters()] == ["centres"]


def test_centres_are_xavier_uniform_and_drawn_under_a_seed():
    one = SubClusterAdaCos(100, 10, 30, drawn(4))
    bound = math.sqrt(6 / (300 + 100))
    assert bound * 0.99 < one.centres.abs().max() <= bound
    assert one.centres.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert torch.equal(one.centres, SubClusterAdaCos(100, 10, 30, drawn(4)).centres)


def slow_arcface(embeddings, classes, centres, scale, margin):
    """Equation 1 of AnoPatch, angle by angle."""
    total = 0.0
    for x, y in zip(embeddings.tolist(), classes.tolist(), strict=True):
        angles = [math.acos(cosine(x, c)) for c in centres.tolist()]
        true = math.exp(scale * math.cos(angles[y] + margin))
        others = sum(math.exp(scale * math.cos(angle)) for j, angle in enumerate(angles) if j != y)
        total -= math.log(true / (true + others))
    return total / len(embeddings)


def test_arcface_equals_equation_1_where_the_moved_angle_stays_below_pi():
    loss = ArcFace(6, 4, drawn(), scale=8.0, margin=0.3)
    embeddings, classes = torch.randn(20, 6, generator=drawn(1)), torch.arange(20) % 4
    angles = torch.acos(cosines(embeddings, loss.centres))
    assert (angles + 0.3 < math.pi).all()
    expected = slow_arcface(embeddings, classes, loss.centres, 8.0, 0.3)
    assert loss(embeddings, classes).item() == pytest.approx(expected, rel=1e-5)


def test_arcface_equals_pytorch_metric_learning_also_beyond_pi():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pytorch_metric_learning.losses import ArcFaceLoss
    ours = ArcFace(6, 4, drawn(), scale=30.0, margin=0.5)
    theirs = ArcFaceLoss(4, 6, margin=math.degrees(0.5), scale=30)
    theirs.W.data.copy_(ours.centres.detach().T)
    embeddings, classes = torch.randn(50, 6, generator=drawn(1)), torch.arange(50) % 4
    embeddings[0] = -3 * ours.centres.detach()[0] + 0.01  # almost opposite to its own centre
    torch.testing.assert_close(ours(embeddings, classes), theirs(embeddings, classes))
    ours(embeddings, classes).backward(), theirs(embeddings, classes).backward()
    torch.testing.assert_close(ours.centres.grad, theirs.W.grad.T, rtol=1e-4, atol=1e-4)


def test_the_margin_moves_the_true_class_alone_and_none_is_cross_entropy():
    loss, plain = ArcFace(6, 4, drawn(), scale=8.0), ArcFace(6, 4, drawn(), scale=8.0, margin=0.0)
    embeddings, classes = torch.randn(9, 6, generator=drawn(1)), torch.arange(9) % 4
    logits = 8 * cosines(embeddings, plain.centres)
    torch.testing.assert_close(plain(embeddings, classes), torch.nn.functional.cross_entropy(logits, classes))
    assert loss(embeddings, classes) > plain(embeddings, classes)


def test_a_smaller_angle_is_a_smaller_loss_all_the_way():
    loss = ArcFace(2, 2, drawn())
    angles = torch.linspace(0, math.pi, 1001, dtype=torch.float64)
    assert (loss.with_margin(angles.cos()).diff() < 0).all()


@pytest.mark.parametrize("factor", [1.0, -1.0, 0.0])
def test_gradients_stay_finite_on_a_centre_opposite_to_it_and_at_zero(factor):
    loss = ArcFace(6, 4, drawn())
    embeddings = (loss.centres.detach()[:1] * factor).requires_grad_()
    loss(embeddings, torch.tensor([0])).backward()
    assert torch.isfinite(embeddings.grad).all() and torch.isfinite(loss.centres.grad).all()


def test_arcface_takes_one_hot_labels_and_refuses_mixed_ones():
    loss, embeddings = ArcFace(6, 4, drawn()), torch.randn(2, 6, generator=drawn(1))
    classes = torch.tensor([3, 0])
    assert torch.equal(loss(embeddings, torch.eye(4)[classes]), loss(embeddings, classes))
    with pytest.raises(AsdError, match=r"set training\.mixup = 0"):
        loss(embeddings, torch.tensor([[0.5, 0.5, 0, 0], [1, 0, 0, 0]]))
    with pytest.raises(UsageError, match="an angle from 0 to pi"):
        ArcFace(6, 4, drawn(), margin=4.0)


@pytest.mark.parametrize("loss", [scac(trainable=True), ArcFace(5, 3, drawn())], ids=["scac", "arcface"])
def test_training_tells_two_directions_apart_and_bf16_changes_little(loss):
    embeddings, targets = torch.randn(6, 5, generator=drawn(1)), torch.eye(3)[torch.arange(6) % 3]
    before = loss(embeddings, targets)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(loss(embeddings, targets), before)  # cosines stay in float32
    optimiser = torch.optim.SGD(loss.parameters(), 0.01)
    for _ in range(20):
        optimiser.zero_grad()
        loss(embeddings, targets).backward()
        optimiser.step()
    assert loss(embeddings, targets) < before
