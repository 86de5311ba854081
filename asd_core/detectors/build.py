"""From a detector's configuration to the detector."""

from __future__ import annotations

from asd_core.detectors.gmm import Gmm, GmmConfig
from asd_core.detectors.kmeans import KMeans, KMeansConfig
from asd_core.detectors.memory_bank import MemoryBank, MemoryBankConfig
from asd_core.detectors.protocol import Detector, State
from asd_core.detectors.soft_scoring import SoftScoring

DetectorConfig = MemoryBankConfig | GmmConfig | KMeansConfig


def new_detector(config: DetectorConfig) -> Detector:
    """The detector that a configuration asks for, not yet fitted."""
    match config:
        case KMeansConfig():
            return KMeans(config)
        case MemoryBankConfig() | GmmConfig() if config.soft_scoring != "none":
            return SoftScoring(config)
        case MemoryBankConfig():
            return MemoryBank(config)
        case GmmConfig():
            return Gmm(config)


def load_detector(config: DetectorConfig, state: State) -> Detector:
    """The fitted detector whose `state` this is; its scores are the same to the bit.

    Raises:
        KeyError: the state is of another kind of detector.
    """
    match config:
        case KMeansConfig():
            return KMeans.from_state(config, state)
        case MemoryBankConfig() | GmmConfig() if config.soft_scoring != "none":
            return SoftScoring.from_state(config, state)
        case MemoryBankConfig():
            return MemoryBank.from_state(config, state)
        case GmmConfig():
            return Gmm.from_state(config, state)
