"""The kinds of detector that come with the package, and of a user's own: their settings, and the detectors themselves.

To add a kind, write its configuration and its class in a file of its own and a line in `KINDS`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, cast

from asd_core.detectors.class_nll import ClassNll, ClassNllConfig
from asd_core.detectors.gmm import Gmm, GmmConfig
from asd_core.detectors.imported_scores import ImportedScores, ImportedScoresConfig
from asd_core.detectors.kmeans import KMeans, KMeansConfig
from asd_core.detectors.memory_bank import MemoryBank, MemoryBankConfig
from asd_core.detectors.own import OwnConfig, OwnDetector, own_config
from asd_core.detectors.protocol import Detector, DetectorConfig, State
from asd_core.detectors.soft_scoring import SoftScoring
from asd_core.errors import UsageError, did_you_mean
from asd_core.named_class import constructor_keys, named_class
from asd_core.settings import from_mapping


@dataclass(frozen=True)
class DetectorKind:
    """One kind of detector.

    Attributes:
        config: the dataclass of its settings; every field has a default.
        detector: the class, made of a configuration.
    """

    config: type[Any]
    detector: type[Any]


KINDS = {
    "gmm": DetectorKind(GmmConfig, Gmm),
    "memory_bank": DetectorKind(MemoryBankConfig, MemoryBank),
    "kmeans": DetectorKind(KMeansConfig, KMeans),
    "scores": DetectorKind(ImportedScoresConfig, ImportedScores),
    "class_nll": DetectorKind(ClassNllConfig, ClassNll),
}
DEFAULT_KIND = "gmm"


def kind_config(mapping: Mapping[str, Any]) -> DetectorConfig:
    """Check the settings of one kind.

    Raises:
        UsageError: an unknown kind or key, or a value that the detector refuses.
    """
    kind = mapping.get("kind", DEFAULT_KIND)
    if is_own(kind):
        return own_config(kind, {key: value for key, value in mapping.items() if key != "kind"})
    return cast(DetectorConfig, from_mapping(_kind(kind).config, mapping, "[detector]"))


def kind_keys(kind: str) -> frozenset[str] | None:
    """The keys that a kind takes; None where a class of one's own takes any.

    Raises:
        UsageError: there is no such kind.
    """
    if not is_own(kind):
        return frozenset(field.name for field in dataclasses.fields(_kind(kind).config))
    own = constructor_keys(named_class(kind, "[detector]"))
    return None if own is None else own | {"kind"}


def new_of_kind(config: DetectorConfig) -> Detector:
    """The detector that a kind's configuration asks for, not yet fitted."""
    return cast(Detector, _class_of(config)(config))


def load_of_kind(config: DetectorConfig, state: State) -> Detector:
    """The fitted detector whose `state` this is; its scores are the same to the bit.

    Raises:
        KeyError: the state is of another kind of detector.
    """
    return cast(Detector, _class_of(config).from_state(config, state))


def _class_of(config: DetectorConfig) -> Any:
    if isinstance(config, OwnConfig):
        return OwnDetector
    is_soft = getattr(config, "soft_scoring", "none") != "none"
    return SoftScoring if is_soft else _kind(config.kind).detector


def is_own(kind: object) -> TypeGuard[str]:
    """True for the name of a class of a user's own, ``package.module:Class``."""
    return isinstance(kind, str) and ":" in kind


def _kind(name: object) -> DetectorKind:
    if not isinstance(name, str) or name not in KINDS:
        raise UsageError(f"[detector] kind = {name!r}{did_you_mean(str(name), KINDS)}, or package.module:Class")
    return KINDS[name]
