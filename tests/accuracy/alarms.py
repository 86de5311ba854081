"""Alarms on simulated scores, the tables of docs/alarm-figures.md: `python -m tests.accuracy.alarms [FIRST LAST]`.

Fleets of the seeds FIRST to LAST, 36 to 59 if not said otherwise. Rules and constants were chosen on 0 to 11.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tests.accuracy.alarm_faults import faults, plain_settings, shifts
from tests.accuracy.alarm_rules import binomial_p, distance_from_uniform, judged, nights_to_alarm
from tests.accuracy.alarm_tables import (
    CLIPS,
    LEARNT,
    MACHINES,
    NIGHTS,
    NO_DRIFT,
    ONSET,
    RATES,
    WEEK,
    WEEKLY,
    fleet,
    mean_and_error,
    new_alarms,
    table,
)
from tests.accuracy.simulated_scores import Fault, Fleet, scores


def normal_nights(seeds: Sequence[int]) -> None:
    rows, uniform = [], []
    for effects in (0.0, 1.0):
        fleets = [scores(fleet(seed, effects)) for seed in seeds]
        nights = [judged(one, LEARNT, NO_DRIFT).p_values for one in fleets]
        counts = [binomial_p(one, LEARNT) for one in fleets]
        for name, p_values in (("pooled nights", nights), ("binomial count", counts)):
            cells = [mean_and_error([(p <= n / MACHINES).sum() for p in p_values]) for n in RATES.values()]
            rows.append([f"{name}, night effects {effects:g}", *cells])
        shown = [
            [new_alarms(judged(one, LEARNT, replace(WEEKLY, false_alarms=n))) for one in fleets] for n in RATES.values()
        ]
        rows.append([f"new alarms, drift told apart, night effects {effects:g}", *map(mean_and_error, shown)])
        shares = np.concatenate([(p <= 0.1).mean(axis=1) for p in nights])
        distance = np.mean([distance_from_uniform(p.ravel()) for p in nights])
        low, high = np.quantile(shares, [0.05, 0.95])
        uniform.append([f"{effects:g}", f"{distance:.3f}", f"{shares.mean():.3f}", f"{low:.3f} to {high:.3f}"])
    nominal = ["nominal", *(f"{n * NIGHTS:.1f}" for n in RATES.values())]
    table(f"Alarms of {MACHINES} normal machines in {NIGHTS} nights", ["rule", *RATES], [nominal, *rows])
    columns = ["night effects", "distance from even p", "share of p ≤ 0.1", "share of 5 to 95 % of the machines"]
    table("p of fresh normal nights", columns, uniform)


def step_up(seeds: Sequence[int]) -> None:
    rows = []
    for share in (0, 10, 50):
        for rule in ("family", "bh"):
            found = []
            for seed in seeds:
                fault = (Fault(tuple(range(share)), ONSET, "all", "moderate"),) if share else ()
                found.append(judged(scores(fleet(seed), fault), LEARNT, replace(WEEKLY, rule=rule)))  # type: ignore[arg-type]
            raised = [one.p_values <= one.levels for one in found]
            later = [one[:, ONSET - LEARNT :] for one in raised]
            hits = f"{np.mean([one[:share].mean() for one in later]):.1%}" if share else ""
            rows.append([rule, str(share), hits, f"{np.mean([one[share:].sum(axis=0).mean() for one in later]):.2f}"])
    columns = ["rule", "faulty machines of 200", "their nights that are alarms", "false alarms a night"]
    table("Both rules on moderate faults of all clips", columns, rows)


def few_nights(seeds: Sequence[int]) -> None:
    rows = []
    for learnt in (5, 7, 14, 28):
        for machines in (10, 50, 200):
            counts, hits = [], []
            for seed in seeds:
                size = Fleet(machines, learnt + NIGHTS, CLIPS, 1.0, 0.0, seed)
                normal = judged(scores(size), learnt, NO_DRIFT)
                counts.append([(normal.p_values <= n / machines).sum() for n in RATES.values()])
                sick = tuple(range(machines // 4))
                faulty = judged(scores(size, (Fault(sick, learnt + 20, "all", "severe"),)), learnt, NO_DRIFT)
                hits.append((nights_to_alarm(faulty.episodes.in_alarm[list(sick), 20:]) <= WEEK).mean())
            floor = 1 / np.nanmin(normal.p_floors)
            cells = [
                f"{count / n / NIGHTS:.2f}" for count, n in zip(np.mean(counts, axis=0), RATES.values(), strict=True)
            ]
            rows.append([str(learnt), str(machines), f"1 / {floor:,.0f}", *cells, f"{np.mean(hits):.0%}"])
    columns = ["nights learnt", "machines", "smallest p", *RATES, "severe, all: found in a week"]
    table("Alarms / nominal, by nights and machines learnt", columns, rows)


def clip_numbers(seeds: Sequence[int]) -> None:
    rows = []
    numbers = ((5, 5), (5, 1), (2, 5), (1, 5), (1, 1), (None, None))
    for learnt, later in numbers:
        counts = []
        for seed in seeds:
            values = scores(fleet(seed))
            drawn = np.random.default_rng(seed).integers(1, CLIPS + 1, values.shape[:2])
            drawn[:, :LEARNT], drawn[:, LEARNT:] = learnt or drawn[:, :LEARNT], later or drawn[:, LEARNT:]
            values[np.arange(CLIPS) >= drawn[:, :, None]] = np.nan
            found = judged(values, LEARNT, NO_DRIFT)
            counts.append([(found.p_values <= n / MACHINES).sum() for n in RATES.values()])
        cells = [f"{count / n / NIGHTS:.2f}" for count, n in zip(np.mean(counts, axis=0), RATES.values(), strict=True)]
        rows.append([str(learnt or "1 to 5"), str(later or "1 to 5"), *cells])
    columns = ["clips of a learnt night", "of a judged one", *RATES]
    table("Alarms / nominal, by numbers of clips", columns, rows)


def main() -> None:
    first, last = map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (36, 59)
    seeds = range(first, last + 1)
    print(f"Seeds {first} to {last}")
    for part in (normal_nights, faults, plain_settings, shifts, step_up, few_nights, clip_numbers):
        part(seeds)


if __name__ == "__main__":
    main()
