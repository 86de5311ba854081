"""The choices that pseudo-labels were made with, and the words that name them wherever the labels are shown."""

from __future__ import annotations

from dataclasses import dataclass

from asd_core.settings import check_choices, check_integer
from asd_core.training.pseudo_labels.clustering import BicRule


@dataclass(frozen=True)
class PseudoLabelMethod:
    """The method of pseudo-labels.

    Attributes:
        space: name of the embeddings.
        transductive: the map is fitted to training and test clips together, as the paper's published code does, and
            not to training normals alone.
        bic: see `clusters_of`.
        most_source: clusters of the source domain, and of clips whose domain is not known.
        most_target: clusters of the target domain.
        seed: of the map, of the mixtures and of a space that is trained.
    """

    space: str
    transductive: bool = False
    bic: BicRule = "fitted"
    most_source: int = 16
    most_target: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise UsageError for values that cannot be."""
        check_choices(self)
        for name in ("most_source", "most_target"):
            check_integer(name, getattr(self, name), 1)
        check_integer("seed", self.seed, 0)

    @property
    def words(self) -> str:
        """The method in one line."""
        clips = "training and test clips together (transductive)" if self.transductive else "training normals only"
        folds = "held-out folds" if self.bic == "held-out" else "the points fitted to"
        seeded = f"; seed {self.seed}" if self.seed else ""
        return f"space {self.space}; UMAP fitted to {clips}; number of clusters by BIC on {folds}{seeded}"

    def most(self, domain: str) -> int:
        """The largest number of clusters of a domain."""
        return self.most_target if domain == "target" else self.most_source
