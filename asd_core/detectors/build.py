"""From a recipe's ``[detector]`` table to a detector: of one kind, or one of that kind for each group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asd_core.detectors.group_settings import GROUP_KEYS, GroupedConfig, grouped_config
from asd_core.detectors.groups import Grouped
from asd_core.detectors.kinds import DEFAULT_KIND, is_own, kind_config, kind_keys, load_of_kind, new_of_kind
from asd_core.detectors.protocol import Detector, DetectorConfig, State
from asd_core.settings import check_keys


def detector_config(mapping: Mapping[str, Any]) -> DetectorConfig:
    """Check a recipe's ``[detector]`` table.

    Raises:
        UsageError: an unknown kind or key, or a value that the detector refuses.
    """
    kind, groups = mapping.get("kind", DEFAULT_KIND), GROUP_KEYS & mapping.keys()
    if not is_own(kind):
        check_keys(mapping, sorted((kind_keys(kind) or frozenset()) | GROUP_KEYS), "[detector]")
    elif groups:
        groups -= kind_keys(kind) or frozenset()  # a class that has such a setting keeps it
    detector = kind_config({key: value for key, value in mapping.items() if key not in groups})
    return grouped_config(detector, {key: value for key, value in mapping.items() if key in groups})


def detector_keys(kind: str) -> frozenset[str] | None:
    """The keys of ``[detector]`` that a kind takes; None where a class of one's own takes any.

    Raises:
        UsageError: there is no such kind.
    """
    own = kind_keys(kind)
    return None if own is None else own | GROUP_KEYS


def new_detector(config: DetectorConfig) -> Detector:
    """The detector that a configuration asks for, not yet fitted."""
    return Grouped(config) if isinstance(config, GroupedConfig) else new_of_kind(config)


def load_detector(config: DetectorConfig, state: State) -> Detector:
    """The fitted detector whose `state` this is; its scores are the same to the bit.

    Raises:
        KeyError: the state is of another kind of detector.
    """
    if isinstance(config, GroupedConfig):
        return Grouped.from_state(config, state)
    return load_of_kind(config, state)
