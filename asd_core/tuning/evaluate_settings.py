"""Many settings on one machine at once, with the work that they share done once.

The figures are those of ``asd fit`` and ``asd score`` with each setting's recipe: embeddings go through the same
transform and the same detectors. Settings share

- the audio: all embeddings were gathered in one pass (`asd_core.tuning.gather`);
- the whole evaluation, where they make the same recipe but for the threshold, on which no figure depends;
- neighbours: one search for the largest k of all banks with one metric (`asd_core.tuning.memory_banks`);
- a mixture, whichever way it scores.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.build import load_detector, new_detector
from asd_core.detectors.gmm import GmmConfig
from asd_core.detectors.memory_bank import MemoryBankConfig
from asd_core.detectors.protocol import DetectorConfig, Domains, Embeddings
from asd_core.encoders.config import EncoderConfig
from asd_core.errors import AsdError
from asd_core.evaluation.labelled_clips import LabelledClips
from asd_core.evaluation.objectives import FIGURES, figures_of
from asd_core.pipeline.threads import one_thread
from asd_core.pipeline.transforms import fit_transform, transformed
from asd_core.recipe.machine_recipe import EmbeddingConfig
from asd_core.recipe.recipe import Recipe
from asd_core.tuning.gather.encoder_passes import split_r
from asd_core.tuning.gather.machine_data import GatheredDataError, MachineData
from asd_core.tuning.memory_banks import bank_scores
from asd_core.tuning.space.setting import Setting, applied

EVALUATION_VERSION = 1
"""Rises whenever the same setting on the same clips would come to other figures."""

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class SettingScore:
    """Figures of one setting on one machine; NaN where there is none.

    Attributes:
        setting: field → value.
        auc: over all clips.
        pauc: over all clips, up to a false-positive rate of 0.1, standardised.
        auc_source: of the source domain's normal clips against all anomalies.
        auc_target: of the target domain's normal clips against all anomalies.
        clip_scores: (M,) anomaly scores of the clips judged on; None after an error.
        seconds: of work; work that settings share is divided among them.
        error: one line where the setting cannot be evaluated.
    """

    setting: Setting
    auc: float = math.nan
    pauc: float = math.nan
    auc_source: float = math.nan
    auc_target: float = math.nan
    clip_scores: Scores | None = None
    seconds: float = 0.0
    error: str | None = None

    @property
    def figures(self) -> list[float]:
        """The FIGURES, in their order."""
        return [getattr(self, name) for name in FIGURES]


def evaluate_machine(machine: MachineData, recipe: Recipe, settings: Sequence[Setting]) -> list[SettingScore]:
    """Evaluate settings on one machine; returns their scores in their order.

    A setting that cannot be evaluated has an error and stops no other.

    Args:
        machine: its clips and their embeddings, gathered for all of the settings.
        recipe: settings are laid over it.
        settings: (S,), in any order; those that share work cost less in one call.

    Raises:
        GatheredDataError: the embeddings are gone or broken, which is no setting's fault.
    """
    found: dict[int, SettingScore] = {}
    tasks: dict[tuple[EncoderConfig, EmbeddingConfig], dict[DetectorConfig, list[int]]] = {}
    for place, setting in enumerate(settings):
        try:
            own = applied(recipe, setting, machine.machine_type)
        except AsdError as error:
            found[place] = SettingScore(setting, error=str(error))
        else:
            tasks.setdefault((own.encoder, own.embedding), {}).setdefault(own.detector, []).append(place)
    with one_thread():
        for (encoder, embedding), detectors in sorted(tasks.items(), key=lambda task: _order(*task[0])):
            for config, score in _scored(machine, encoder, embedding, list(detectors)):
                places = detectors[config]
                for place in places:
                    found[place] = replace(score, setting=settings[place], seconds=score.seconds / len(places))
    return [found[place] for place in range(len(settings))]


def _order(encoder: EncoderConfig, embedding: EmbeddingConfig) -> tuple[str, float, str]:
    without_r, r = split_r(encoder)
    return json.dumps(asdict(without_r)), r or 0.0, json.dumps(asdict(embedding))


def _scored(
    machine: MachineData, encoder: EncoderConfig, embedding: EmbeddingConfig, detectors: Sequence[DetectorConfig]
) -> Iterator[tuple[DetectorConfig, SettingScore]]:
    """The scores of every detector on one embedding of the machine's clips."""
    start = time.perf_counter()
    try:
        rows, queries = machine.embeddings(encoder)
        arrays = fit_transform(rows, embedding, (machine.machine_type, machine.machine_id))
        normals, judged = (transformed(some, arrays, embedding) for some in (rows, queries))
    except GatheredDataError:
        raise
    except AsdError as error:
        yield from ((config, SettingScore({}, error=str(error))) for config in detectors)
        return
    is_anomalous, domains = machine.is_anomalous, machine.domains
    shared = (time.perf_counter() - start) / len(detectors)
    for config, scores, seconds in _detector_scores(detectors, normals, machine.normal_domains, judged):
        start = time.perf_counter()
        try:
            if isinstance(scores, str):
                raise AsdError(scores)
            figures = figures_of(LabelledClips(scores, is_anomalous, domains))
        except AsdError as error:
            yield config, SettingScore({}, seconds=shared + seconds, error=str(error))
        else:
            auc, pauc, source, target = (figures[name] for name in FIGURES)
            seconds += shared + time.perf_counter() - start
            yield config, SettingScore({}, auc, pauc, source, target, scores, seconds)


def _detector_scores(
    configs: Sequence[DetectorConfig], normals: Embeddings, domains: Domains, queries: Embeddings
) -> Iterator[tuple[DetectorConfig, Scores | str, float]]:
    """Fit detectors to the same normal clips and score the same queries, in any order.

    Yields:
        A detector, its scores (M,) or the reason why it cannot be fitted, and the seconds of work.
    """
    for group in _sharing(configs):
        start = time.perf_counter()
        try:
            scores: Sequence[Scores | str] = _group_scores(group, normals, domains, queries)
        except (AsdError, ValueError, ArithmeticError) as error:  # the latter two from within a library
            scores = [" ".join(str(error).split())] * len(group)
        seconds = (time.perf_counter() - start) / len(group)
        yield from ((config, found, seconds) for config, found in zip(group, scores, strict=True))


def _sharing(configs: Sequence[DetectorConfig]) -> list[list[DetectorConfig]]:
    """Detectors in groups that one search or fit serves."""
    groups: dict[DetectorConfig, list[DetectorConfig]] = {}
    for config in configs:
        match config:
            case MemoryBankConfig() if config.soft_scoring == "none":
                key: DetectorConfig = replace(config, k=1, density="none", density_k=1)
            case GmmConfig() if config.soft_scoring == "none":
                key = replace(config, score="nll")
            case _:
                key = config
        groups.setdefault(key, []).append(config)
    return list(groups.values())


def _group_scores(
    group: Sequence[DetectorConfig], normals: Embeddings, domains: Domains, queries: Embeddings
) -> list[Scores]:
    banks = [config for config in group if isinstance(config, MemoryBankConfig) and config.soft_scoring == "none"]
    if banks:
        return bank_scores(banks, normals, domains, queries)
    detector = new_detector(group[0]).fit(normals, domains)
    others = [load_detector(config, detector.state()) for config in group[1:]]  # mixtures that score in another way
    return [one.anomaly_score(queries) for one in (detector, *others)]
