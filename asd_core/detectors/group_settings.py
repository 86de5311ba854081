"""The settings of groups: which numbers of an embedding each takes, and how their scores become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.protocol import DetectorConfig
from asd_core.errors import AsdError, UsageError
from asd_core.settings import check_integer, from_mapping

GroupScore = Literal["max", "mean", "raw_mean"]
GroupOrder = Literal["interleaved", "consecutive"]
Numbers = NDArray[np.int64]
NAMED: Literal["named"] = "named"


@dataclass(frozen=True)
class GroupSettings:
    """The keys of ``[detector]`` that all kinds have.

    Attributes:
        groups: "named" for those of the encoder, or the number of equal ones; None: the embedding as a whole.
        group_score: "max" is the largest of the groups' standardised scores, "mean" their mean; "raw_mean" is the mean
            of their scores as they are, for groups of one scale, such as checkpoints of one network.
        group_order: of N equal groups. "interleaved": the first has the numbers 1, N + 1, 2 N + 1 and so on, as the
            last axis of an array (..., N) has them; "consecutive": the first N-th part.
    """

    groups: int | Literal["named"] | None = None
    group_score: GroupScore = "max"
    group_order: GroupOrder = "interleaved"

    def __post_init__(self) -> None:
        """Raise UsageError for a number of groups that cannot be."""
        if isinstance(self.groups, int):
            check_integer("groups", self.groups, 1)


GROUP_KEYS = frozenset(GroupSettings.__dataclass_fields__)


@dataclass(frozen=True)
class GroupedConfig:
    """A detector for each group of an embedding.

    Attributes:
        detector: of each group.
        groups: "named" for those of the encoder, or the number of equal ones.
        group_score: how the groups' scores become one.
        group_order: of equal groups.
        named: the name and length of each named group.
    """

    detector: DetectorConfig
    groups: int | Literal["named"]
    group_score: GroupScore = "max"
    group_order: GroupOrder = "interleaved"
    named: tuple[tuple[str, int], ...] = ()

    @property
    def kind(self) -> str:
        """The kind of the groups' detectors."""
        return self.detector.kind

    def layout(self, embedding_dim: int) -> list[tuple[str, Numbers]]:
        """The name of each group, and the places of its numbers in an embedding.

        Raises:
            AsdError: an embedding of another length, or one that equal groups do not divide.
        """
        places = np.arange(embedding_dim)
        if isinstance(self.groups, int):
            check_divides(self.groups, embedding_dim)
            grid = places.reshape(-1, self.groups).T if self.group_order == "interleaved" else places
            return [(f"group {n}", part) for n, part in enumerate(np.reshape(grid, (self.groups, -1)), 1)]
        lengths = [length for _, length in self.named]
        if sum(lengths) != embedding_dim:
            raise AsdError(f"embeddings of {embedding_dim} numbers, but the encoder names groups of {lengths}")
        parts = np.split(places, np.cumsum(lengths)[:-1])
        return [(name, part) for (name, _), part in zip(self.named, parts, strict=True)]


def check_divides(groups: int, embedding_dim: int) -> None:
    """Raise UsageError unless an embedding falls into so many equal groups."""
    if embedding_dim % groups:
        fitting = [number for number in range(2, embedding_dim + 1) if embedding_dim % number == 0]
        some = ", ".join(map(str, fitting[:8])) + (", ..." if len(fitting) > 8 else "")
        raise UsageError(
            f"detector.groups = {groups}: {embedding_dim} numbers an embedding do not fall into {groups} equal groups; "
            f"take one of {some}"
        )


def grouped_config(detector: DetectorConfig, settings: Mapping[str, Any]) -> DetectorConfig:
    """A kind's configuration for each group; the configuration itself where there are no groups.

    Raises:
        UsageError: a value that is neither a number of groups nor "named".
    """
    own = from_mapping(GroupSettings, settings, "[detector]")
    return detector if own.groups is None else GroupedConfig(detector, own.groups, own.group_score, own.group_order)


def group_settings(config: DetectorConfig) -> GroupSettings:
    """The keys of ``[detector]`` that a configuration comes from, without those of its kind."""
    if isinstance(config, GroupedConfig):
        return GroupSettings(config.groups, config.group_score, config.group_order)
    return GroupSettings()


def asks_for_named(config: DetectorConfig) -> bool:
    """True where the encoder's own groups are asked for."""
    return isinstance(config, GroupedConfig) and config.groups == NAMED


def with_named_groups(config: DetectorConfig, named: Sequence[tuple[str, int]]) -> DetectorConfig:
    """The configuration with the names and lengths of the encoder's groups filled in."""
    return replace(config, named=tuple(named)) if isinstance(config, GroupedConfig) else config
