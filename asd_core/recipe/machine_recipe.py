"""A recipe as it holds for one machine type: its tables, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from asd_core.alarms.segment_scores import ScoreConfig
from asd_core.alarms.thresholds import ThresholdConfig
from asd_core.detectors.build import detector_config, detector_keys
from asd_core.detectors.group_settings import GroupedConfig, asks_for_named, with_named_groups
from asd_core.detectors.imported_scores import TRANSDUCTIVE_NOTE, ImportedScoresConfig
from asd_core.detectors.kinds import DEFAULT_KIND
from asd_core.detectors.protocol import DetectorConfig
from asd_core.encoders.build import encoder_config, encoder_keys, encoder_note, named_groups
from asd_core.encoders.config import SHARED_KEYS, EncoderConfig
from asd_core.encoders.trained_options import digest_of_folder, without_place
from asd_core.errors import UsageError
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.recipe.caption_settings import CaptionConfig
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.settings import from_mapping

TABLES = ("encoder", "embedding", "detector", "score", "threshold", "alarm", "captions", "training", "generator")
JUDGING = ("threshold", "alarm")
"""Tables that judge scores and change none: a scorer holds whatever they say."""

OF_NIGHTS = ("alarm",)
"""Tables of `JUDGING` that judge whole nights: no row of scores depends on them, and no stored scorer names them."""

EXPLAINING = ("captions",)
"""Tables that say how flagged clips are explained."""

TEACHING = ("training", "generator")
"""Tables that say how networks are trained: fingerprints and checksums tell what came out."""

NO_HEAD_NOTE = "no head is named, so embeddings are scored as they are: name a trained one with --encoder"

ADDED_LATER: dict[str, Any] = {
    "encoder.hop_seconds": None,
    "embedding.head": "",
    "embedding.class_nll": False,
    "score.over": "max",
    "score.top_share": 0.2,
}
"""Fields that recipes did not always have, with the values that leave scores as they were before: ``table.key``.

A field that holds this value is left out of keys and of stored scorers, so that those of before stay valid.
"""


@dataclass(frozen=True)
class EmbeddingConfig:
    """A recipe's ``[embedding]``: what is done to embeddings before a detector sees them.

    Attributes:
        transform: ``none``, ``log-zscore`` for raw power features, or ``head``, trained on embeddings.
        head: folder of the trained head; ``--encoder NAME`` of a head sets it.
        class_nll: the head's class negative log-likelihood comes first; ``detector.kind = "class_nll"`` sets it.

    ``log-zscore`` takes the natural logarithm of x + 1e-12 in float64, then subtracts the mean and divides by the
    population deviation that each dimension has over the machine's training normals: for raw power features.
    """

    transform: Literal["none", "log-zscore", "head"] = "none"
    head: str = ""
    class_nll: bool = False

    def __post_init__(self) -> None:
        """Raise UsageError for values that do not go together."""
        if (self.transform == "head") != bool(self.head):
            raise UsageError(
                f'embedding.transform = "{self.transform}" and embedding.head = {self.head!r}: a head has both; train '
                "one with asd train --recipe head --as NAME, and name it with --encoder NAME"
            )

    def check_complete(self) -> None:
        """Raise UsageError where the detector needs a head, and none is named."""
        if self.class_nll and not self.head:
            raise UsageError(
                'detector.kind = "class_nll" scores with a trained head: name one with --encoder NAME (asd train '
                "--recipe head --as NAME trains it)"
            )


@dataclass(frozen=True)
class MachineRecipe:
    """A recipe as it holds for one machine type."""

    encoder: EncoderConfig
    embedding: EmbeddingConfig
    detector: DetectorConfig
    threshold: ThresholdConfig
    captions: CaptionConfig = CaptionConfig()
    score: ScoreConfig = ScoreConfig()
    training: TrainingConfig = TrainingConfig()
    generator: GeneratorConfig = GeneratorConfig()
    alarm: AlarmConfig = AlarmConfig()

    def of_scores(self) -> dict[str, Any]:
        """All that a score depends on; captions explain scores and change none. `ADDED_LATER` is left out.

        So is the place of trained weights and heads, whose digest is there.
        """
        unasked = (*OF_NIGHTS, *EXPLAINING, *TEACHING)
        tables = {table: value for table, value in asdict(self).items() if table not in unasked}
        tables["encoder"]["options"] = without_place(self.encoder.options)
        tables["embedding"]["head"] = digest_of_folder(self.embedding.head)
        for name, value in ADDED_LATER.items():
            table, _, field = name.partition(".")
            if tables.get(table, {}).get(field, ...) == value:
                del tables[table][field]
        return {table: values for table, values in tables.items() if values or table != "score"}

    def of_scorers(self) -> dict[str, Any]:
        """All that a scorer depends on: tables that judge its scores stand at their defaults."""
        return replace(self, threshold=ThresholdConfig()).of_scores()

    def judgement(self) -> dict[str, Any]:
        """The tables that judge rows of scores, in full."""
        return {name: value for name, value in asdict(self).items() if name in JUDGING and name not in OF_NIGHTS}

    def notes(self) -> list[str]:
        """Lines that must be said wherever its scores are shown; none for most."""
        is_transductive = isinstance(self.detector, ImportedScoresConfig) and self.detector.transductive
        lacks_head = self.training.trains == "embeddings" and not self.embedding.head
        notes = (
            encoder_note(self.encoder),
            TRANSDUCTIVE_NOTE if is_transductive else "",
            NO_HEAD_NOTE if lacks_head else "",
        )
        return [note for note in notes if note]


def machine_recipe(tables: Mapping[str, Mapping[str, Any]]) -> MachineRecipe:
    """Check tables by name, defaults filled in.

    Raises:
        UsageError: an unknown key or value.
    """
    encoder = encoder_config(tables.get("encoder", {}))
    detector = detector_config(tables.get("detector", {}))
    if asks_for_named(detector):
        detector = with_named_groups(detector, named_groups(encoder))
    return MachineRecipe(
        encoder=encoder,
        embedding=_embedding(tables.get("embedding", {}), detector),
        detector=detector,
        score=from_mapping(ScoreConfig, tables.get("score", {}), "[score]"),
        threshold=from_mapping(ThresholdConfig, tables.get("threshold", {}), "[threshold]"),
        alarm=from_mapping(AlarmConfig, tables.get("alarm", {}), "[alarm]"),
        captions=from_mapping(CaptionConfig, tables.get("captions", {}), "[captions]"),
        training=from_mapping(TrainingConfig, tables.get("training", {}), "[training]"),
        generator=from_mapping(GeneratorConfig, tables.get("generator", {}), "[generator]"),
    )


def ensemble_machine(first: MachineRecipe, tables: Mapping[str, Mapping[str, Any]]) -> MachineRecipe:
    """The recipe of an ensemble's first member with the ensemble's judgement, and its captions where it has some."""
    own = machine_recipe({table: values for table, values in tables.items() if table in (*JUDGING, *EXPLAINING)})
    captions = own.captions if tables.get("captions") else first.captions
    return replace(first, threshold=own.threshold, alarm=own.alarm, captions=captions)


def _embedding(table: Mapping[str, Any], detector: DetectorConfig) -> EmbeddingConfig:
    is_nll = detector.kind == "class_nll"
    if is_nll and isinstance(detector, GroupedConfig):
        raise UsageError('detector.kind = "class_nll" is one number a clip: it takes no detector.groups')
    if table.get("class_nll", is_nll) is not is_nll:
        raise UsageError('embedding.class_nll goes with detector.kind = "class_nll", which sets it: leave it out')
    return from_mapping(EmbeddingConfig, {**table, "class_nll": is_nll}, "[embedding]")


_DEFAULT_KINDS = {"encoder": EncoderConfig.kind, "detector": DEFAULT_KIND}


def laid_over(tables: Mapping[str, Mapping[str, Any]], changes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Tables with ``table.key`` → value laid over them; a changed kind drops what it does not take."""
    laid = {table: dict(values) for table, values in tables.items()}
    for key, value in changes.items():
        table, _, field = key.partition(".")
        laid.setdefault(table, {})[field] = value
    for table, default in _DEFAULT_KINDS.items():
        kind = laid.get(table, {}).get("kind", default)
        if kind != tables.get(table, {}).get("kind", default):
            own = laid[table].items()
            laid[table] = {
                key: value for key, value in own if f"{table}.{key}" in changes or _fits(table, kind, key, value)
            }
    return laid


@lru_cache(maxsize=256)
def keys_of(table: str, kind: str) -> frozenset[str] | None:
    """The keys of a kind of encoder or detector; None where a class of one's own does not tell.

    Raises:
        UsageError: there is no such kind.
    """
    return encoder_keys(kind) if table == "encoder" else detector_keys(kind)


def takes_key(table: str, kind: str, key: str) -> bool:
    """True where a kind of encoder or detector has a key; for a class of one's own, where its constructor takes it.

    Raises:
        UsageError: there is no such kind.
    """
    keys = keys_of(table, kind)
    return keys is None or key in keys


def is_outdone(key: str, value: Any, changes: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]]) -> bool:
    """True where changes of the whole recipe leave no place for an override of a machine type with these tables."""
    table, _, field = key.partition(".")
    if key in changes or table not in _DEFAULT_KINDS:
        return key in changes
    former = tables[table].get("kind", _DEFAULT_KINDS[table])
    kind = changes.get(f"{table}.kind", former)
    return kind != former and not _fits(table, kind, field, value)


def _fits(table: str, kind: object, key: str, value: Any) -> bool:
    if ":" in str(kind):  # settings of another kind mean nothing to a class of one's own
        return table == "encoder" and key in SHARED_KEYS
    try:
        machine_recipe({table: {"kind": kind, key: value}})
    except UsageError:
        return False
    return True


def dotted(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """``{"encoder": {"r": 1}}``, as TOML has a dotted key, and ``{"encoder.r": 1}`` as ``[("encoder.r", 1)]``."""
    pairs: list[tuple[str, Any]] = []
    for key, value in table.items():
        pairs += dotted(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return pairs
