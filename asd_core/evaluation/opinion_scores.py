"""Mean opinion scores of captions, by machine and method.

Ogura et al., section IV-A and Fig. 2: raters listen to flagged clips and their nearest normal ones and rate how well
each caption explains the difference, from 1 (worst) to 5 (best). The mean opinion score (MOS) of an id is the mean of
all ratings of its captions; a method is summed up by how many ids have one over 3.

Conventions:
    An id is a pair of machine type and machine id. A method with captions of several language models counts as one
    method for each of them.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from asd_core.evaluation.opinion_files import Rating
from asd_core.recipe.caption_settings import METHODS

INFORMATIVE = 3.0  # the paper counts ids with a MOS over it


@dataclass(frozen=True)
class MachineScore:
    """One id under one method.

    Attributes:
        machine_type: of the machine.
        machine_id: of the machine.
        method: its name, with the language model behind it where there are several.
        mos: mean of all ratings, 1 to 5, higher is better.
        standard_deviation: of the ratings, n - 1; None for a single one.
        ratings: number of ratings.
        clips: number of clips rated.
        raters: number of people who rated.
        values: the ratings themselves.
    """

    machine_type: str
    machine_id: str
    method: str
    mos: float
    standard_deviation: float | None
    ratings: int
    clips: int
    raters: int
    values: tuple[int, ...]


@dataclass(frozen=True)
class MethodScore:
    """One method over all ids.

    Attributes:
        method: as in `MachineScore`.
        mos: mean of the ids' MOS.
        median: of the ids' MOS.
        ids: number of ids with ratings.
        ids_over_3: number of ids with a MOS over 3.
        ratings: number of ratings.
        raters: number of people who rated.
        agreement: see `agreement`; None where it is not defined.
    """

    method: str
    mos: float
    median: float
    ids: int
    ids_over_3: int
    ratings: int
    raters: int
    agreement: float | None


@dataclass(frozen=True)
class OpinionScores:
    """Scores of all ratings; ``machines`` by type, id and method, methods in a fixed order."""

    machines: tuple[MachineScore, ...]
    methods: tuple[MethodScore, ...]
    raters: tuple[str, ...]
    ratings: int
    captions: int
    clips: int
    agreement: float | None

    def mos_of(self, method: str, machine_type: str | None = None) -> list[float]:
        """The MOS of each id under a method, of one machine type or of all."""
        return [
            score.mos
            for score in self.machines
            if score.method == method and machine_type in (None, score.machine_type)
        ]


def opinion_scores(ratings: Sequence[Rating]) -> OpinionScores:
    """Sum up ratings, of which each rater gives one a caption."""
    names = _method_names(ratings)
    by_method: dict[str, list[Rating]] = defaultdict(list)
    by_machine: dict[tuple[str, str, str], list[Rating]] = defaultdict(list)
    for rating in ratings:
        method = names[rating.method, rating.llm]
        by_method[method].append(rating)
        by_machine[rating.machine_type, rating.machine_id, method].append(rating)
    order = {name: index for index, name in enumerate(names.values())}
    machines = [
        _machine_score(key, by_machine[key])
        for key in sorted(by_machine, key=lambda key: (key[0], key[1], order[key[2]]))
    ]
    return OpinionScores(
        machines=tuple(machines),
        methods=tuple(_method_score(name, by_method[name], machines) for name in order),
        raters=tuple(sorted({rating.rater for rating in ratings})),
        ratings=len(ratings),
        captions=len({rating.caption for rating in ratings}),
        clips=len({rating.clip_id for rating in ratings}),
        agreement=agreement(ratings),
    )


def agreement(ratings: Iterable[Rating]) -> float | None:
    """Krippendorff's alpha for interval data over captions that at least two people rated.

    1 - (observed disagreement / disagreement by chance), disagreement being the squared difference of two ratings:
    1 where all raters agree, 0 where they do no better than chance, below 0 where they do worse. None where no caption
    has two ratings, or all ratings are the same. (K. Krippendorff, "Computing Krippendorff's alpha-reliability", 2011.)
    """
    captions: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for rating in ratings:
        captions[rating.caption].append(rating.rating)
    units = [values for values in captions.values() if len(values) > 1]
    values = [value for unit in units for value in unit]
    if len(set(values)) < 2:
        return None
    # The mean squared difference of all pairs is twice the variance with n - 1.
    expected = 2.0 * statistics.variance(values)
    observed = sum(len(unit) * 2.0 * statistics.variance(unit) for unit in units) / len(values)
    return 1.0 - observed / expected


def _method_names(ratings: Sequence[Rating]) -> Mapping[tuple[str, str], str]:
    """Method and language model → name, in the order of the methods."""
    pairs = sorted({(METHODS.index(rating.method), rating.llm) for rating in ratings})
    llms = defaultdict(list)
    for index, llm in pairs:
        llms[index].append(llm)
    return {
        (METHODS[index], llm): METHODS[index] if len(llms[index]) == 1 else f"{METHODS[index]} ({llm or 'no LLM'})"
        for index, llm in pairs
    }


def _machine_score(key: tuple[str, str, str], ratings: Sequence[Rating]) -> MachineScore:
    values = tuple(rating.rating for rating in ratings)
    return MachineScore(
        *key,
        mos=statistics.fmean(values),
        standard_deviation=statistics.stdev(values) if len(values) > 1 else None,
        ratings=len(values),
        clips=len({rating.clip_id for rating in ratings}),
        raters=len({rating.rater for rating in ratings}),
        values=values,
    )


def _method_score(method: str, ratings: Sequence[Rating], machines: Sequence[MachineScore]) -> MethodScore:
    scores = [machine.mos for machine in machines if machine.method == method]
    return MethodScore(
        method=method,
        mos=statistics.fmean(scores),
        median=statistics.median(scores),
        ids=len(scores),
        ids_over_3=sum(score > INFORMATIVE for score in scores),
        ratings=len(ratings),
        raters=len({rating.rater for rating in ratings}),
        agreement=agreement(ratings),
    )
