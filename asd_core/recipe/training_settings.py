"""The `[training]` table of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from asd_core.errors import UsageError
from asd_core.settings import check_integer, check_number

LabelPart = Literal["machine_type", "machine_id", "section", "domain", "attributes"]


@dataclass(frozen=True)
class TrainingConfig:
    """A recipe's ``[training]``: how ``asd train`` teaches an encoder to tell classes of normal clips apart.

    No KEY depends on it: the digest of the weights that came out stands for it.

    Attributes:
        labels: parts that make a clip's class, joined; ``section`` is another word for ``machine_id``.
        pseudo_labels: name under which pseudo-labels are stored, which take the place of attributes; "" takes none.
        pseudo_where: clips whose attributes a pseudo-label replaces: those with none (``missing``), or ``all``.
        loss: ``scac`` (sub-cluster AdaCos) or ``arcface``.
        sub_clusters: centres of each class, for ``scac``.
        scale: of the loss' logits; None is the method's own rule.
        margin: angle in radians that ``arcface`` adds.
        trainable_centres: those of ``scac`` are trained too; those of ``arcface`` and of a second loss always are.
        extra_loss: a second loss: ``featex`` mixes branches, ``subspace`` has a loss for each branch.
        extra_weight: of the second loss.
        mixup: probability of each clip that it is mixed with another of its batch.
        featex: probability of each clip that ``featex`` exchanges its branches.
        featex_exchanges: ``all`` branches, or the ``second`` of two alone.
        splice: probability of each clip that a run of its numbers comes from another; it is of a class of its own then.
        freq_mask: widest mask over frequency bands of a spectrogram; 0 masks none.
        time_mask: widest mask over frames of a spectrogram; 0 masks none.
        mask_probability: probability of each mask.
        epochs: passes over all training clips.
        steps: steps of the optimiser in place of ``epochs``; 0 goes by ``epochs``.
        batch_size: clips of a batch, of all workers together.
        accumulation: batches whose gradients are added up for one step of the optimiser.
        learning_rate: of AdamW.
        weight_decay: of AdamW.
        warmup_steps: first steps, in which the learning rate rises from 0.
        schedule: of the learning rate after that: ``constant``, ``linear`` or ``cosine`` down to 0.
        precision: ``float32``, or ``bf16`` for the network where autocast allows it.
        keep: epochs whose weights make the encoder, embeddings side by side; [] is the last one.
        validation_share: share of each class' clips that is held out and never trained on.
        clip_gradient: longest gradient, longer ones are shortened to it; 0 shortens none.
        batch_statistics: of batch normalisation: ``moving`` averages over steps, or ``exact`` ones of the weights that
            are kept, or judged on held-out clips.
        trains: ``all`` weights, low-rank additions (``lora``), the last layers alone (``head``), or a network of
            its own on stored ``embeddings``, to which the fields ``head_...`` belong.
        head_per: a head for each ``machine_type``, or one for ``all``.
        head_hidden: widths of its hidden layers.
        head_output: numbers that a branch of it gives.
        head_branches: parts of an embedding, interleaved, each with layers of its own.
        head_whitening: of what goes in, as for ``memory_bank``: ``none``, ``half`` or ``full``.
        head_members: networks trained from seeds of their own and put side by side.
        seed: of everything random.
    """

    labels: tuple[LabelPart, ...] = ("machine_type", "machine_id", "domain", "attributes")
    pseudo_labels: str = ""
    pseudo_where: Literal["missing", "all"] = "missing"
    loss: Literal["scac", "arcface"] = "scac"
    sub_clusters: int = 16
    scale: float | None = None
    margin: float = 0.5
    trainable_centres: bool = False
    extra_loss: Literal["none", "featex", "subspace"] = "none"
    extra_weight: float = 1.0
    mixup: float = 0.5
    featex: float = 0.5
    featex_exchanges: Literal["all", "second"] = "all"
    splice: float = 0.0
    freq_mask: int = 0
    time_mask: int = 0
    mask_probability: float = 0.5
    epochs: int = 16
    steps: int = 0
    batch_size: int = 64
    accumulation: int = 1
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup_steps: int = 0
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    precision: Literal["float32", "bf16"] = "float32"
    keep: tuple[int, ...] = (12, 14, 16)
    validation_share: float = 0.0
    clip_gradient: float = 0.0
    batch_statistics: Literal["moving", "exact"] = "moving"
    trains: Literal["all", "lora", "head", "embeddings"] = "all"
    head_per: Literal["machine_type", "all"] = "machine_type"
    head_hidden: tuple[int, ...] = (256, 256)
    head_output: int = 128
    head_branches: int = 1
    head_whitening: Literal["none", "half", "full"] = "half"
    head_members: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        counts = ("head_output", "head_branches", "head_members")
        for name in ("sub_clusters", "epochs", "batch_size", "accumulation", *counts):
            check_integer(f"training.{name}", getattr(self, name), 1)
        for name in ("freq_mask", "time_mask", "steps", "warmup_steps", "seed"):
            check_integer(f"training.{name}", getattr(self, name), 0)
        for name in ("mixup", "featex", "splice", "mask_probability"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"training.{name} is a probability, from 0 to 1, got {getattr(self, name):g}")
        check_number("training.learning_rate", self.learning_rate, 0)
        if self.scale is not None:
            check_number("training.scale", self.scale, 0)
        for name in ("margin", "extra_weight", "weight_decay", "clip_gradient"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UsageError(f"training.{name} must be 0 or more, got {getattr(self, name):g}")
        if not 0 <= self.validation_share < 1:
            raise UsageError(f"training.validation_share must be from 0 to below 1, got {self.validation_share:g}")
        if not self.labels or len(set(self.labels)) < len(self.labels):
            raise UsageError(f"training.labels must name at least one part and none twice, got {list(self.labels)}")
        for place, width in enumerate(self.head_hidden):
            check_integer(f"training.head_hidden[{place}]", width, 1)
        self._check_keep()

    def _check_keep(self) -> None:
        if list(self.keep) != sorted(set(self.keep)) or any(epoch < 1 for epoch in self.keep):
            raise UsageError(f"training.keep must be epochs from 1 on in rising order, got {list(self.keep)}")
        if self.keep and not self.steps and self.keep[-1] > self.epochs:
            raise UsageError(
                f"training.keep names epoch {self.keep[-1]}, and training.epochs = {self.epochs}: keep earlier ones, "
                "or [] for the last"
            )
