"""Many settings on one machine at once, with the work that they share done once.

What comes out is what ``asd fit`` and ``asd score`` would give for each setting's recipe: embeddings go through the
same transform and the same detectors. Shared are

- the audio: all embeddings were gathered in one pass (`asd_core.tuning.gathering`);
- settings that come to the same recipe, but for the threshold, on which no figure depends;
- neighbours: one search for the largest k of all settings that measure alike, see `asd_core.tuning.banks`;
- a mixture, whichever way it scores.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.build import load_detector, new_detector
from asd_core.detectors.gmm import GmmConfig
from asd_core.detectors.memory_bank import MemoryBankConfig
from asd_core.detectors.protocol import DetectorConfig, Domains, Embeddings
from asd_core.encoders.build import EncoderConfig
from asd_core.errors import AsdError
from asd_core.evaluation.labelled_clips import LabelledClips
from asd_core.evaluation.objectives import FIGURES, combined, figures_of
from asd_core.pipeline.scorer import fit_transform, transformed
from asd_core.pipeline.threads import one_thread
from asd_core.recipe.machine_recipe import EmbeddingConfig
from asd_core.recipe.recipe import Recipe
from asd_core.tuning.banks import bank_scores
from asd_core.tuning.gather.machine_data import GatheredDataError, MachineData
from asd_core.tuning.gather.passes import apart
from asd_core.tuning.space.setting import Setting, applied

EVALUATION_VERSION = 1
"""Rises whenever the same setting on the same clips would come to other figures."""

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class SettingScore:
    """What a setting comes to; figures are NaN where it has none.

    Attributes:
        setting: field → value.
        auc: over all clips.
        pauc: over all clips, up to a false-positive rate of 0.1, standardised.
        auc_source: of the domain's normal clips against all anomalies.
        auc_target: likewise.
        clip_scores: (M,) anomaly scores of the clips judged on; None after an error.
        seconds: of work, its share of what is shared included.
        error: one line where the setting cannot be evaluated.
        objective: over all machines it was evaluated on; NaN where it was not asked for.
    """

    setting: Setting
    auc: float = math.nan
    pauc: float = math.nan
    auc_source: float = math.nan
    auc_target: float = math.nan
    clip_scores: Scores | None = None
    seconds: float = 0.0
    error: str | None = None
    objective: float = math.nan


@dataclass(frozen=True)
class _Task:
    """What a setting's scores depend on."""

    encoder: EncoderConfig
    embedding: EmbeddingConfig
    detector: DetectorConfig


def evaluate(
    machines: Sequence[MachineData], recipe: Recipe, settings: Sequence[Setting], objective: str
) -> list[SettingScore]:
    """Evaluate settings on machines that get one setting together.

    Figures other than the objective are means over machines; clip scores stand in the order of the machines.

    Args:
        machines: at least one.
        recipe: over which settings are laid.
        settings: (S,).
        objective: see `asd_core.tuning.objectives`.
    """
    by_machine = [evaluate_machine(machine, recipe, settings) for machine in machines]
    return [_together(machines, scores, objective) for scores in zip(*by_machine, strict=True)]


def evaluate_machine(machine: MachineData, recipe: Recipe, settings: Sequence[Setting]) -> list[SettingScore]:
    """Evaluate settings on one machine, in their order; one that cannot be evaluated says why.

    Args:
        machine: its clips and their embeddings, gathered for all of the settings.
        recipe: over which settings are laid.
        settings: (S,), in any order; those that share work cost less in one call.

    Raises:
        GatheredDataError: its embeddings are gone or broken, which is no setting's fault.
    """
    found: dict[int, SettingScore] = {}
    places: dict[_Task, list[int]] = {}
    for place, setting in enumerate(settings):
        try:
            task = _task(recipe, setting, machine.machine_type)
        except AsdError as error:
            found[place] = SettingScore(setting, error=str(error))
        else:
            places.setdefault(task, []).append(place)
    is_anomalous, domains = machine.is_anomalous, machine.domains
    with one_thread():
        for task, scores, seconds in _scored(machine, list(places)):
            share = seconds / len(places[task])
            outcome = _outcome(scores, is_anomalous, domains, share)
            for place in places[task]:
                found[place] = replace(outcome, setting=settings[place])
    return [found[place] for place in range(len(settings))]


def _task(recipe: Recipe, setting: Setting, machine_type: str) -> _Task:
    laid = applied(recipe, setting, machine_type)
    return _Task(laid.encoder, laid.embedding, laid.detector)


def _outcome(
    scores: Scores | str, is_anomalous: NDArray[np.bool_], domains: NDArray[np.str_], seconds: float
) -> SettingScore:
    if isinstance(scores, str):
        return SettingScore({}, seconds=seconds, error=scores)
    start = time.perf_counter()
    try:
        figures = figures_of(LabelledClips(scores, is_anomalous, domains))
    except AsdError as error:
        return SettingScore({}, seconds=seconds, error=str(error))
    return _with_figures({}, figures, scores, seconds + time.perf_counter() - start)


def _scored(machine: MachineData, tasks: Sequence[_Task]) -> Iterator[tuple[_Task, Scores | str, float]]:
    """Each task with the scores of the clips judged on, or why there are none, and the seconds it took."""
    by_embedding: dict[tuple[EncoderConfig, EmbeddingConfig], list[_Task]] = {}
    for task in tasks:
        by_embedding.setdefault((task.encoder, task.embedding), []).append(task)
    for (encoder, embedding), group in sorted(by_embedding.items(), key=lambda pair: _order(*pair[0])):
        start = time.perf_counter()
        try:
            rows, queries = machine.embeddings(encoder)
            transform = fit_transform(rows, embedding.transform)
            learnt, judged = transformed(rows, transform), transformed(queries, transform)
        except GatheredDataError:
            raise
        except AsdError as error:
            yield from ((task, str(error), 0.0) for task in group)
            continue
        shared = (time.perf_counter() - start) / len(group)
        configs = {task.detector: task for task in group}
        for config, scores, seconds in detector_scores(list(configs), learnt, machine.normal_domains, judged):
            yield configs[config], scores, shared + seconds


def _order(encoder: EncoderConfig, embedding: EmbeddingConfig) -> tuple[str, float, str]:
    without_r, r = apart(encoder)
    return json.dumps(asdict(without_r)), r or 0.0, embedding.transform


def detector_scores(
    configs: Sequence[DetectorConfig],
    normals: Embeddings,
    domains: Domains,
    queries: Embeddings,
) -> Iterator[tuple[DetectorConfig, Scores | str, float]]:
    """The anomaly scores of clips under many detectors fitted to the same normal clips, in any order.

    Args:
        configs: of the detectors, each once.
        normals: (N, D).
        domains: (N,).
        queries: (M, D).

    Yields:
        A detector, the scores (M,) it gives once fitted or why it cannot be fitted, and the seconds that took.
    """
    for group in _sharing(configs):
        start = time.perf_counter()
        try:
            scores: Sequence[Scores | str] = _group_scores(group, normals, domains, queries)
        except (AsdError, ValueError, ArithmeticError) as error:  # the latter two from within a library
            scores = [" ".join(str(error).split())] * len(group)
        seconds = (time.perf_counter() - start) / len(group)
        for config, found in zip(group, scores, strict=True):
            yield config, found, seconds


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
    scores = [detector.anomaly_score(queries)]
    if len(group) > 1:  # mixtures that differ in how they score
        state = detector.state()
        scores += [load_detector(config, state).anomaly_score(queries) for config in group[1:]]
    return scores


def _together(machines: Sequence[MachineData], scores: Sequence[SettingScore], objective: str) -> SettingScore:
    """One setting's figures over machines."""
    errors = [score.error for score in scores if score.error is not None]
    seconds = sum(score.seconds for score in scores)
    if errors:
        return SettingScore(scores[0].setting, seconds=seconds, error=errors[0])
    figures = [{name: getattr(score, name) for name in FIGURES} for score in scores]
    means = {name: float(np.mean([machine[name] for machine in figures])) for name in FIGURES}
    kinds = [machine.machine_type for machine in machines]
    clip_scores = np.concatenate([score.clip_scores for score in scores if score.clip_scores is not None])
    value = combined(objective, list(zip(kinds, figures, strict=True)))
    return replace(_with_figures(scores[0].setting, means, clip_scores, seconds), objective=value)


def _with_figures(setting: Setting, figures: Mapping[str, float], scores: Scores, seconds: float) -> SettingScore:
    auc, pauc, source, target = (figures[name] for name in FIGURES)
    return SettingScore(setting, auc, pauc, source, target, scores, seconds)
