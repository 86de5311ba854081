"""Losses with a margin between angles: they draw embeddings of a class together and classes apart.

Both compare directions alone: embeddings and centres are brought to unit length here, in float32 under any autocast.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from asd_core.errors import AsdError, UsageError

ARCFACE_SCALE = 64.0


def fixed_scale(n_classes: int, sub_clusters: int) -> float:
    """The fixed scale of AdaCos over all centres, sqrt(2) ln(C · sub_clusters − 1) (Zhang et al. 2019, eq. 9).

    Raises:
        UsageError: fewer than three centres, for which the rule gives no scale above 0.

    Example:
        >>> round(fixed_scale(167, 16), 3)
        11.158
    """
    if n_classes * sub_clusters < 3:
        raise UsageError(
            f"{n_classes} classes of {sub_clusters} centre each: the rule for the scale needs three centres in all; "
            "raise training.sub_clusters or give training.scale"
        )
    return math.sqrt(2) * math.log(n_classes * sub_clusters - 1)


class SubClusterAdaCos(nn.Module):
    """Sub-cluster AdaCos with a fixed scale (Wilkinghoff 2021): several centres a class, a softmax over all of them.

    The probability of a class is the sum of its own exp(s cos) over the sum of all; the loss is the cross-entropy of
    soft labels. It is taken from differences of logsumexp, so that no probability underflows to a logarithm of 0.

    Attributes:
        centres: (C · sub_clusters, D), those of class c in rows c · sub_clusters and on; of any length.
        scale: s.
    """

    centres: Tensor

    def __init__(
        self,
        dim: int,
        n_classes: int,
        sub_clusters: int,
        generator: torch.Generator,
        scale: float | None = None,
        trainable: bool = False,
    ) -> None:
        """Draw the centres, Xavier-uniform.

        Args:
            dim: D of the embeddings.
            n_classes: C.
            sub_clusters: centres of each class.
            generator: draws them.
            scale: s; None is `fixed_scale`.
            trainable: the optimiser moves the centres; otherwise they stay as they were drawn.
        """
        super().__init__()
        self.n_classes = n_classes
        self.scale = fixed_scale(n_classes, sub_clusters) if scale is None else scale
        _keep_centres(self, _drawn(n_classes * sub_clusters, dim, generator), trainable)

    def log_probabilities(self, embeddings: Tensor) -> Tensor:
        """The logarithm of each class' probability, (B, D) → (B, C) float32."""
        logits = self.scale * cosines(embeddings, self.centres)
        own = logits.view(len(logits), self.n_classes, -1).logsumexp(dim=2)
        return own - logits.logsumexp(dim=1, keepdim=True)

    def forward(self, embeddings: Tensor, targets: Tensor) -> Tensor:
        """The mean cross-entropy of embeddings (B, D) of any length, and soft labels (B, C)."""
        return -(targets * self.log_probabilities(embeddings)).sum(dim=1).mean()


class ArcFace(nn.Module):
    """Additive angular margin (Deng et al. 2019; Jiang et al., AnoPatch, eq. 1): the true class' angle grows by m.

    Past θ + m = π eq. 1 would fall as the angle rises. There the true class' logit goes on as s (cos θ − m sin m), as
    its authors' code has it, so that a smaller angle always means a smaller loss.

    Attributes:
        centres: (C, D), trained; of any length.
        scale: s.
        margin: m in radians.
    """

    centres: Tensor

    def __init__(
        self,
        dim: int,
        n_classes: int,
        generator: torch.Generator,
        scale: float | None = None,
        margin: float = 0.5,
    ) -> None:
        """Draw the centres, Xavier-uniform.

        Args:
            dim: D of the embeddings.
            n_classes: C.
            generator: draws them.
            scale: s; None is 64, as its authors chose it.
            margin: m in radians, 0 to π.
        """
        super().__init__()
        if not 0 <= margin <= math.pi:
            raise UsageError(f"training.margin is an angle from 0 to pi, got {margin:g}")
        self.n_classes = n_classes
        self.scale = ARCFACE_SCALE if scale is None else scale
        self.margin = margin
        _keep_centres(self, _drawn(n_classes, dim, generator), True)

    def log_probabilities(self, embeddings: Tensor) -> Tensor:
        """The logarithm of each class' probability without a margin, (B, D) → (B, C) float32."""
        return (self.scale * cosines(embeddings, self.centres)).log_softmax(dim=1)

    def forward(self, embeddings: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of embeddings (B, D) of any length.

        Args:
            embeddings: (B, D).
            targets: classes (B,) int64, or the same as one-hot rows (B, C).

        Raises:
            AsdError: labels that are mixed: the margin needs one true class.
        """
        classes = hard_labels(targets)
        cosine = cosines(embeddings, self.centres)
        true = cosine.gather(1, classes[:, None])
        logits = cosine.scatter(1, classes[:, None], self.with_margin(true))
        return functional.cross_entropy(self.scale * logits, classes)

    def with_margin(self, cosine: Tensor) -> Tensor:
        """cos(θ + m) of cos θ, of any shape; its gradient is finite everywhere, also at θ = 0 and π."""
        sine = (1 - cosine.square()).clamp_min(1e-12).sqrt()  # at 0 its slope has no bound; the clamp's is 0
        moved = cosine * math.cos(self.margin) - sine * math.sin(self.margin)
        beyond = cosine - self.margin * math.sin(self.margin)
        return torch.where(cosine >= -math.cos(self.margin), moved, beyond)


def cosines(embeddings: Tensor, centres: Tensor) -> Tensor:
    """Cosines of embeddings (B, D) and centres (K, D) in float32 or wider, (B, K); 0 for an embedding of zeros."""
    wide = torch.promote_types(embeddings.dtype, torch.float32)
    with torch.autocast(embeddings.device.type, enabled=False):
        return functional.normalize(embeddings.to(wide)) @ functional.normalize(centres.to(wide)).T


def hard_labels(targets: Tensor) -> Tensor:
    """Classes (B,) int64 of the same or of one-hot rows (B, C).

    Raises:
        AsdError: labels that are mixed.
    """
    if targets.ndim == 1:
        return targets
    largest = targets.max(dim=1)
    if bool((largest.values != 1).any()) or bool((targets.sum(dim=1) != 1).any()):
        raise AsdError('the loss "arcface" takes one class for each clip, not mixed ones: set training.mixup = 0')
    return largest.indices


def _drawn(rows: int, dim: int, generator: torch.Generator) -> Tensor:
    return nn.init.xavier_uniform_(torch.empty(rows, dim), generator=generator)


def _keep_centres(module: nn.Module, centres: Tensor, trainable: bool) -> None:
    """Centres that stay are a buffer, which no optimiser sees, and its weight decay cannot shrink."""
    if trainable:
        module.register_parameter("centres", nn.Parameter(centres))
    else:
        module.register_buffer("centres", centres)
