"""Alarms on simulated scores, the tables of docs/alarms.md: `python -m tests.accuracy.alarms [FIRST LAST]`.

Fleets of the seeds FIRST to LAST, 12 to 35 if not said otherwise. Rules and constants were chosen on 0 to 11.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from asd_core.alarms.over_nights import FleetNights
from asd_core.recipe.alarm_settings import AlarmConfig
from tests.accuracy.alarm_rules import (
    Floats,
    binomial_p,
    distance_from_uniform,
    judged,
    limit_for_detection,
    limit_for_rate,
    nights_to_alarm,
    nth_highest_excess,
)
from tests.accuracy.simulated_scores import Fault, Fleet, scores

LEARNT, MACHINES, NIGHTS, CLIPS = 14, 200, 60, 5
ONSET, FAULTY = 34, tuple(range(50))  # the fault's first night, 20 after the learnt ones, and its machines
RATES = {"1 a night": 1.0, "1 a week": 1 / 7, "1 a month": 1 / 30}
WEEKLY = AlarmConfig(false_alarms=1 / 7)
NO_DRIFT = replace(WEEKLY, drift=1e-12)
TWO_OF_THREE = replace(WEEKLY, persistence=(2, 3))
SEVERITIES, KINDS = ("mild", "moderate", "severe"), ("rare", "all")
WEEK = 7


def fleet(seed: int, night_effects: float = 1.0, drift: float = 0.0) -> Fleet:
    return Fleet(MACHINES, LEARNT + NIGHTS, CLIPS, night_effects, drift, seed)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n**{title}**\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def mean_and_error(counts: Sequence[float]) -> str:
    return f"{np.mean(counts):.1f} ± {np.std(counts, ddof=1) / np.sqrt(len(counts)):.1f}"


def new_alarms(found: FleetNights) -> float:
    return float((found.episodes.states == "new").sum())


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


def faulty_scores(seed: int, kind: str, severity: str, drift: float = 0.0) -> Floats:
    return scores(fleet(seed, drift=drift), (Fault(FAULTY, ONSET, kind, severity),))


def faults(seeds: Sequence[int]) -> None:
    normal = [scores(fleet(seed)) for seed in seeds]
    pooled = {"pooled nights": WEEKLY, "pooled nights, 2 of 3": TWO_OF_THREE}
    plain = {"clip threshold": 1, "2 clips above": 2, "3 clips above": 3}
    rates = {
        name: np.mean([new_alarms(judged(one, LEARNT, rules)) for one in normal]) for name, rules in pooled.items()
    }
    allowed = rates["pooled nights"] / (MACHINES * NIGHTS)
    at_rest = {
        n: np.concatenate([nth_highest_excess(one, LEARNT, n).ravel() for one in normal]) for n in plain.values()
    }
    limits = {n: limit_for_rate(values, allowed) for n, values in at_rest.items()}
    equal_rate: dict[str, list[str]] = {name: [] for name in (*pooled, *plain)}
    equal_found: dict[str, list[str]] = {name: [] for name in ("machines found within a week", *plain)}
    drifts = []
    weeks = NIGHTS / WEEK
    first = ONSET - LEARNT
    for kind in KINDS:
        for severity in SEVERITIES:
            fleets = [faulty_scores(seed, kind, severity) for seed in seeds]
            judgements = {name: [judged(one, LEARNT, rules) for one in fleets] for name, rules in pooled.items()}
            for name, found in judgements.items():
                alarmed = np.concatenate([one.episodes.in_alarm[list(FAULTY), first:] for one in found])
                equal_rate[name].append(delay(alarmed))
                if name == "pooled nights":
                    within = float((nights_to_alarm(alarmed) <= WEEK).mean())
            drifts.append(
                np.mean([one.drifts[list(FAULTY), first:].any(axis=1).mean() for one in judgements["pooled nights"]])
            )
            equal_found["machines found within a week"].append(f"{within:.0%}")
            for name, nth in plain.items():
                excess = np.concatenate([nth_highest_excess(one, LEARNT, nth)[list(FAULTY), first:] for one in fleets])
                equal_rate[name].append(delay(excess > limits[nth]))
                limit = limit_for_detection(excess, WEEK, within)
                false = (at_rest[nth] >= limit).mean() * MACHINES * WEEK
                equal_found[name].append(f"{false:.2g} ({false * weeks / rates['pooled nights']:.0f}x)")
    columns = [f"{kind}, {severity}" for kind in KINDS for severity in SEVERITIES]
    print(f"\nFalse alarms a week: {', '.join(f'{name} {rate / weeks:.2f}' for name, rate in rates.items())}")
    rows = [[name, *cells] for name, cells in equal_rate.items()]
    rows.append(["*told as drift at some time*", *(f"{share:.0%}" for share in drifts)])
    table(
        "Median nights to the alarm, and machines missed in 40 nights, at equal false alarms", ["rule", *columns], rows
    )
    rows = [[name, *cells] for name, cells in equal_found.items()]
    table("False alarms a week at equal detection (times those of pooled nights)", ["rule", *columns], rows)


def delay(alarmed: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
    nights = nights_to_alarm(alarmed)
    median = float(np.median(nights))
    return f"{'over 40' if np.isinf(median) else f'{median:.0f}'}, {np.isinf(nights).mean():.0%}"


def shifts(seeds: Sequence[int]) -> None:
    changes: dict[str, Callable[[int], Floats]] = {
        "none": lambda seed: scores(fleet(seed)),
        "fleet, 1 deviation, 30 nights": lambda seed: scores(fleet(seed), fleet_changes={44: 1.0}),
        "fleet, 3 deviations, 30 nights": lambda seed: scores(fleet(seed), fleet_changes={44: 3.0}),
        "fleet, 3 deviations, one night": lambda seed: scores(fleet(seed), fleet_changes={44: 3.0, 45: -3.0}),
        "each machine drifts, 0.5 in 30 nights": lambda seed: scores(fleet(seed, drift=0.5)),
        "each machine drifts, 1 in 30 nights": lambda seed: scores(fleet(seed, drift=1.0)),
        "each machine drifts, 2 in 30 nights": lambda seed: scores(fleet(seed, drift=2.0)),
    }
    rows = []
    for name, make in changes.items():
        fleets = [make(seed) for seed in seeds]
        with_rule, without = ([judged(one, LEARNT, rules) for one in fleets] for rules in (WEEKLY, NO_DRIFT))
        rows.append(
            [
                name,
                mean_and_error([new_alarms(one) for one in without]),
                mean_and_error([new_alarms(one) for one in with_rule]),
                f"{np.mean([one.fleet_shifted.sum() for one in with_rule]):.1f}",
                f"{np.mean([one.drifts[:, -1].sum() for one in with_rule]):.1f}",
            ]
        )
    columns = ["change", "new alarms without the drift rule", "with it", "nights told as a shift of the fleet"]
    table("Shifts that are no fault, in 60 nights", [*columns, "machines that drift on the last night"], rows)
    rows = []
    for kind in KINDS:
        for severity in SEVERITIES:
            cells = []
            for drift in (0.0, 1.0):
                for rules in (NO_DRIFT, WEEKLY):
                    found = [judged(faulty_scores(seed, kind, severity, drift), LEARNT, rules) for seed in seeds]
                    cells.append(
                        delay(np.concatenate([f.episodes.in_alarm[list(FAULTY), ONSET - LEARNT :] for f in found]))
                    )
            rows.append([f"{kind}, {severity}", *cells])
    columns = ["fault", "no drift, without the rule", "no drift, with it", "drift of 1, without", "drift of 1, with it"]
    table("Faults beside drift: median nights to the alarm, machines missed in 40 nights", columns, rows)


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
    columns = ["nights learnt", "machines", "smallest p", *(f"alarms / nominal, {name}" for name in RATES)]
    table("By nights and machines learnt", [*columns, "severe, all: found within a week, at 1 a week"], rows)


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
    columns = ["clips of a learnt night", "of a judged one", *(f"alarms / nominal, {name}" for name in RATES)]
    table("By numbers of clips", columns, rows)


def main() -> None:
    first, last = map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (12, 35)
    seeds = range(first, last + 1)
    print(f"Seeds {first} to {last}")
    for part in (normal_nights, faults, shifts, step_up, few_nights, clip_numbers):
        part(seeds)


if __name__ == "__main__":
    main()
