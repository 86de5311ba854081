"""Faults and shifts of simulated fleets: the alarms of pooled nights and of plainer rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tests.accuracy.alarm_rules import (
    Floats,
    binomial_p,
    clip_p_values,
    judged,
    limit_for_detection,
    limit_for_rate,
    nights_to_alarm,
    nth_highest_excess,
)
from tests.accuracy.alarm_tables import (
    CLIPS,
    FAULTY,
    KINDS,
    LEARNT,
    MACHINES,
    NIGHTS,
    NO_DRIFT,
    ONSET,
    SEVERITIES,
    TWO_OF_THREE,
    WEEK,
    WEEKLY,
    delay,
    faulty_scores,
    fleet,
    mean_and_error,
    new_alarms,
    table,
)
from tests.accuracy.simulated_scores import scores


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
            told = [one.drifts[list(FAULTY), first:].any(axis=1).mean() for one in judgements["pooled nights"]]
            drifts.append(np.mean(told))
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


def plain_settings(seeds: Sequence[int]) -> None:
    """Plain rules as they can be set from the learnt clips, and pooled nights set to find as many machines."""
    settings: dict[str, Callable[[Floats], Floats]] = {
        "a clip above the 0.9 threshold": lambda one: clip_p_values(one, LEARNT).min(axis=2) <= 0.1,
        "a clip above all learnt ones": lambda one: clip_p_values(one, LEARNT).min(axis=2) <= 1 / (LEARNT * CLIPS + 1),
        "binomial count, 1 a week": lambda one: binomial_p(one, LEARNT) <= 1 / WEEK / MACHINES,
    }
    normal = [scores(fleet(seed)) for seed in seeds]
    week = MACHINES * WEEK
    at_rest = np.concatenate([-judged(one, LEARNT, NO_DRIFT).p_values.ravel() for one in normal])
    false = {name: np.mean([rule(one).mean() for one in normal]) * week for name, rule in settings.items()}
    rows: dict[str, list[str]] = {name: [f"{rate:.3g}"] for name, rate in false.items()}
    for kind in KINDS:
        for severity in SEVERITIES:
            fleets = [faulty_scores(seed, kind, severity) for seed in seeds]
            sick = [one[list(FAULTY)] for one in fleets]
            p = np.concatenate(
                [judged(one, LEARNT, NO_DRIFT).p_values[list(FAULTY), ONSET - LEARNT :] for one in fleets]
            )
            for name, rule in settings.items():
                alarmed = np.concatenate([rule(one)[:, ONSET - LEARNT :] for one in sick])
                within = float((nights_to_alarm(alarmed) <= WEEK).mean())
                ours = (at_rest >= limit_for_detection(-p, WEEK, within)).mean() * week
                rows[name].append(f"{within:.0%}: {ours:.2g} ({false[name] / ours:.1f}x fewer)")
    columns = ["rule", "false alarms a week", *(f"{kind}, {severity}" for kind in KINDS for severity in SEVERITIES)]
    title = (
        "Plain rules as they can be set: machines found within a week, false alarms a week of pooled nights for as many"
    )
    table(title, columns, [[name, *cells] for name, cells in rows.items()])


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
