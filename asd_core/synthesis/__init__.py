"""Settings chosen without a real anomaly: faults put into real normal recordings, or clips that a generator made.

Zhang et al., FS-TWFR-GMM, eq. 6: a detector is fitted to real normal clips, and the setting kept is the one that best
tells synthetic anomalous from synthetic normal clips. `simulated_validation` or `generated_validation` selects these
clips, and `decode_validation` reads them.
"""

from asd_core.synthesis.decoding import decode_validation
from asd_core.synthesis.generated_clips import median_level_db
from asd_core.synthesis.severities import KINDS, SimulatedAnomaly, generator, simulate_anomaly
from asd_core.synthesis.validation import (
    GENERATED,
    RECORDED,
    RejectedClip,
    SimulatedConfig,
    Validation,
    ValidationClip,
    clips_of_no_machine,
    generated_validation,
    simulated_validation,
)

__all__ = [
    "GENERATED",
    "KINDS",
    "RECORDED",
    "RejectedClip",
    "SimulatedAnomaly",
    "SimulatedConfig",
    "Validation",
    "ValidationClip",
    "clips_of_no_machine",
    "decode_validation",
    "generated_validation",
    "generator",
    "median_level_db",
    "simulate_anomaly",
    "simulated_validation",
]
