"""A recipe as it holds for one machine type: its five tables, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from asd_core.alarms.thresholds import ThresholdConfig
from asd_core.detectors.build import detector_config
from asd_core.detectors.protocol import DetectorConfig
from asd_core.encoders.build import EncoderConfig, encoder_config
from asd_core.recipe.caption_settings import CaptionConfig
from asd_core.settings import from_mapping

TABLES = ("encoder", "embedding", "detector", "threshold", "captions")


@dataclass(frozen=True)
class EmbeddingConfig:
    """A recipe's ``[embedding]``: what is done to embeddings before a detector sees them.

    ``log-zscore`` takes the natural logarithm of x + 1e-12 in float64, then subtracts the mean and divides by the
    population deviation that each dimension has over the machine's training normals: for raw power features.
    """

    transform: Literal["none", "log-zscore"] = "none"


@dataclass(frozen=True)
class MachineRecipe:
    """A recipe as it holds for one machine type."""

    encoder: EncoderConfig
    embedding: EmbeddingConfig
    detector: DetectorConfig
    threshold: ThresholdConfig
    captions: CaptionConfig = CaptionConfig()

    def of_scores(self) -> dict[str, Any]:
        """All that a score depends on; captions explain scores and change none."""
        return {table: value for table, value in asdict(self).items() if table != "captions"}


def machine_recipe(tables: Mapping[str, Mapping[str, Any]]) -> MachineRecipe:
    """Check tables by name, defaults filled in.

    Raises:
        UsageError: an unknown key or value.
    """
    return MachineRecipe(
        encoder=encoder_config(tables.get("encoder", {})),
        embedding=from_mapping(EmbeddingConfig, tables.get("embedding", {}), "[embedding]"),
        detector=detector_config(tables.get("detector", {})),
        threshold=from_mapping(ThresholdConfig, tables.get("threshold", {}), "[threshold]"),
        captions=from_mapping(CaptionConfig, tables.get("captions", {}), "[captions]"),
    )
