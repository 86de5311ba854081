"""Banks that grow over 60 nights of a fleet that drifts: ``python -m tests.accuracy.fleet_life``.

Real detectors on simulated embeddings (`drifting_embeddings`). Every seventh night banks are refitted. Three kinds:

    fixed     the bank of the first nights, always
    naive     all nights up to now are learnt, thinned to as many
    update    the rules of `asd fit --update`
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.calibration import Calibration, calibrate
from asd_core.alarms.drift import FleetNull, fleet_null
from asd_core.alarms.machine_nights import machine_nights
from asd_core.alarms.over_nights import judge_distances
from asd_core.alarms.refit_checks import alikeness, held_out_flags
from asd_core.alarms.well_nights import GrowthRules, growth, standing_apart, thinned
from asd_core.pipeline.groups_left_out import grown_left_out, occasions_left_out
from asd_core.pipeline.scorer import Scorer, fit_scorer
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.recipe.recipe import load_recipe
from tests.accuracy.alarm_rules import nights_of
from tests.accuracy.alarm_tables import mean_and_error, table
from tests.accuracy.drifting_embeddings import DriftingFleet, SlowFault, embeddings

Floats = NDArray[np.float64]
KINDS = ("fixed", "naive", "update")
EVERY = 7  # nights between two refits
FLEETS = {
    "no drift": DriftingFleet(),
    "season 2": DriftingFleet(season=2.0),
    "season 4": DriftingFleet(season=4.0),
    "new gain": DriftingFleet(change=2.0),
}
_FIRST = np.datetime64("2026-01-01")
WEEKLY = AlarmConfig(false_alarms=1 / 7)


@dataclass
class Life:
    """One fleet with one kind of bank, night by night.

    Attributes:
        kind: of `KINDS`.
        x: (machines, nights, clips, dimensions), all nights.
        learnt: nights of the first fit.
        recipe: name of the recipe.
        rules: by which nights join.
        alarms: rule of the alarms.
        banks: nights that each machine's scorer learnt.
        refused: refits that were not published.
        refits: refits that were tried.
        apart: machine → night from which on updates say that it moves without the fleet.
    """

    kind: str
    x: NDArray[np.float32]
    learnt: int
    recipe: str = "twfr-knn"
    rules: GrowthRules = field(default_factory=GrowthRules)
    alarms: AlarmConfig = WEEKLY
    banks: dict[int, list[int]] = field(default_factory=dict)
    refused: int = 0
    refits: int = 0
    apart: dict[int, int] = field(default_factory=dict)

    def run(self) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
        """States of alarms of the nights after the first fit, as they were told then, and which clips were flagged."""
        machines, total, clips, _ = self.x.shape
        first = list(range(self.learnt))
        self.anchors = [self._fitted(machine, first) for machine in range(machines)]
        self.scorers = list(self.anchors)
        self.banks = {machine: first for machine in range(machines)}
        self.beside: dict[int, list[int]] = {}
        self.ever = {machine: set(first) for machine in range(machines)}
        self.anchored = self._distances(self.anchors, range(total))
        self.z = np.full((2, machines, total), np.nan)
        self.flags = np.zeros((machines, total, clips), bool)
        self.tiers = np.full((machines, total), "", dtype="<U14")
        states = np.full((machines, total), "", dtype="<U10")
        for start in range(self.learnt, total, EVERY):
            nights = range(start, min(start + EVERY, total))
            calibration, null = self._calibrated()
            for machine in range(machines):
                scores = self._scores(self.scorers[machine], machine, nights)
                self.flags[machine, nights] = scores > self.scorers[machine].threshold
            self.z[:, :, nights] = self._distances(self.scorers, nights, calibration)
            judged = np.arange(self.learnt, nights[-1] + 1)
            counts = np.full((machines, len(judged)), clips)
            found = judge_distances(calibration, null, judged, self.z[:, :, judged], counts, self.alarms)
            own = [night - self.learnt for night in nights]
            self.tiers[:, nights], states[:, nights] = found.tiers[:, own], found.episodes.states[:, own]
            if self.kind != "fixed" and nights[-1] + 1 < total:
                self._refit(nights[-1] + 1)
        return states[:, self.learnt :], self.flags[:, self.learnt :]

    def _refit(self, now: int) -> None:
        first = list(range(self.learnt))
        if self.kind == "naive":
            later = thinned(range(self.learnt, now), self.rules.most_nights)
            for machine in self.banks:
                self._publish(machine, first + later, self._fitted(machine, first + later))
            return
        standing = standing_apart(self.anchored[:, :, :now], np.full(len(self.x), self.learnt), self.rules)
        found = growth(self.tiers[:, :now], standing, self.rules)
        self.apart |= {machine: now for machine in np.flatnonzero(found.apart).tolist() if machine not in self.apart}
        trials = {}
        for machine in self.banks:
            joined = [night for night in np.flatnonzero(found.joins[machine]).tolist() if night >= self.learnt]
            bank = first + thinned(joined, self.rules.most_nights)
            if bank != self.banks[machine]:
                trials[machine] = (bank, self._fitted(machine, bank))
        flags, nights = [], []
        clips = self.x.shape[2]
        for machine, (bank, scorer) in trials.items():
            flags.append(scorer.unseen_by_name > scorer.threshold)
            nights.append(np.repeat(np.arange(len(bank)), clips) + 1000 * machine)
        alike = alikeness(np.concatenate(flags), np.concatenate(nights)) if trials else 0.0
        for machine, (bank, scorer) in trials.items():
            held = np.flatnonzero(found.waits[machine])
            above = self._scores(scorer, machine, held) > scorer.threshold
            check = held_out_flags(above.ravel(), np.repeat(held, clips), 0.1, alike)
            self.refits += 1
            if check.trouble and not set(bank) < set(self.banks[machine]):
                self.refused += 1
            else:
                self._publish(machine, bank, scorer)
                rare = found.compared[machine] if len(bank) > self.learnt else np.zeros(now, bool)
                self.beside[machine] = [night for night in np.flatnonzero(rare).tolist() if night not in bank]

    def _publish(self, machine: int, bank: list[int], scorer: Scorer) -> None:
        self.banks[machine], self.scorers[machine] = bank, scorer
        self.ever[machine] |= set(bank)

    def _fitted(self, machine: int, bank: list[int]) -> Scorer:
        rows = self.x[machine, bank].reshape(-1, self.x.shape[3])
        dates = [str(_FIRST + np.timedelta64(night)) for night in bank]
        taken = np.repeat(dates, self.x.shape[2]).tolist()
        joined = [one for night, one in zip(bank, dates, strict=True) if night >= self.learnt]
        uris = [f"{place:06d}" for place in range(len(rows))]
        recipe, domains = load_recipe(self.recipe).for_machine("fan"), np.full(len(rows), "source")
        groups = occasions_left_out(taken)
        if self.kind == "update":
            groups = grown_left_out(taken, joined, self.rules.quarantine)
        return fit_scorer("fan", str(machine), recipe, "f", rows, domains, uris, groups=groups)

    def _scores(self, scorer: Scorer, machine: int, nights: Sequence[int]) -> Floats:
        rows = self.x[machine, list(nights)]
        return scorer.score(rows.reshape(-1, rows.shape[2]))[0].reshape(rows.shape[:2])

    def _unseen(self, machine: int) -> tuple[Floats, list[int]]:
        bank, more = self.banks[machine], self.beside.get(machine, [])
        unseen = self.scorers[machine].unseen_by_name
        assert unseen is not None
        parts = [unseen.reshape(len(bank), -1)]
        parts += [self._scores(self.scorers[machine], machine, more)] if more else []
        return np.concatenate(parts), bank + more

    def _calibrated(self) -> tuple[Calibration, FleetNull]:
        parts = [(machine, *self._unseen(machine)) for machine in self.banks]
        scores = np.concatenate([unseen.ravel() for _, unseen, _ in parts])
        clips = self.x.shape[2]
        own = np.concatenate([np.full(unseen.size, machine) for machine, unseen, _ in parts])
        nights = np.concatenate([np.repeat(named, clips) for _, _, named in parts])
        normal = machine_nights(scores, own, nights)
        calibration = calibrate(normal, len(self.x))
        return calibration, fleet_null(normal.nights, calibration.null_means)

    def _distances(
        self, scorers: Sequence[Scorer], nights: Sequence[int], calibration: Calibration | None = None
    ) -> Floats:
        if calibration is None:
            calibration, _ = self._calibrated()
        scores = np.array([self._scores(scorer, machine, nights) for machine, scorer in enumerate(scorers)])
        found = calibration.standardise(nights_of(scores))
        return np.array(found).reshape(2, len(scorers), len(nights))


@dataclass(frozen=True)
class Figures:
    """What became of one fleet.

    Attributes:
        alarms: new alarms of its well machines.
        flagged: share of their clips that were flagged.
        late: the same in the last two weeks.
        refused: share of the refits that were refused.
        delays: nights from the beginning of each fault to its alarm, that one among them; infinite for none.
        told: the same to the alarm, or to the update that says that the machine moves alone.
        apart: share of the well machines of which an update says so.
        learnt: share of the nights of faults, by which these had grown by 2 deviations or more, that a bank learnt.
    """

    alarms: float
    flagged: float
    late: float
    refused: float
    delays: tuple[float, ...] = ()
    told: tuple[float, ...] = ()
    apart: float = 0.0
    learnt: float = 0.0


def figures(kind: str, fleet: DriftingFleet, faults: tuple[SlowFault, ...] = (), recipe: str = "twfr-knn") -> Figures:
    """One fleet with one kind of bank."""
    life = Life(kind, embeddings(fleet, faults), fleet.learnt, recipe)
    states, flags = life.run()
    faulty = [fault.machine for fault in faults]
    well = np.setdiff1d(np.arange(fleet.machines), faulty)
    is_alarm = np.isin(states, ("new", "continuing"))
    delays, told, learnt = [], [], []
    for fault in faults:
        found = np.flatnonzero(is_alarm[fault.machine, fault.night :])
        delays.append(float(found[0] + 1) if len(found) else np.inf)
        told.append(min(delays[-1], life.apart.get(fault.machine, np.inf) - fleet.learnt - fault.night))
        grown = fleet.learnt + fault.night + int(np.ceil(2 / fault.per_night)) - 1
        learnt.append(np.mean([night in life.ever[fault.machine] for night in range(grown, states.shape[1])]))
    return Figures(
        float((states[well] == "new").sum()),
        float(flags[well].mean()),
        float(flags[well, -14:].mean()),
        life.refused / max(life.refits, 1),
        tuple(delays),
        tuple(told),
        float(np.mean([machine in life.apart for machine in well])),
        float(np.mean(learnt)) if learnt else 0.0,
    )


def slow_faults(per_night: float) -> tuple[SlowFault, ...]:
    """Four machines of forty."""
    return tuple(SlowFault(machine, 15, per_night) for machine in range(4))


def healthy_table(seeds: range, recipe: str) -> None:
    rows = []
    for name, fleet in FLEETS.items():
        for kind in KINDS:
            found = [figures(kind, replace(fleet, seed=seed), (), recipe) for seed in seeds]
            cells = [mean_and_error([one.alarms for one in found])]
            cells += [_percent([one.flagged for one in found]), _percent([one.late for one in found])]
            told = [f"{np.mean([getattr(one, name) for one in found]):.0%}" for name in ("refused", "apart")]
            cells += told if kind == "update" else ["", ""]
            rows.append([name, kind, *cells])
            print(rows[-1], file=sys.stderr, flush=True)
    columns = ["fleet", "bank", "new alarms (8.6 asked for)", "clips flagged (10 % asked for)", "in the last two weeks"]
    table(f"Well fleets, {recipe}", [*columns, "refits refused", "machines told apart"], rows)


def fault_table(seeds: range, recipe: str) -> None:
    rows = []
    for name in ("no drift", "season 2"):
        for per_night in (0.1, 0.2, 0.4):
            for kind in KINDS:
                fleets = [replace(FLEETS[name], seed=seed) for seed in seeds]
                found = [figures(kind, fleet, slow_faults(per_night), recipe) for fleet in fleets]
                delays = np.array([delay for one in found for delay in one.delays])
                known = np.median(delays)
                cells = [f"{per_night:g}", kind, "none" if np.isinf(known) else f"{known:.0f}"]
                told = np.median([delay for one in found for delay in one.told])
                cells += [f"{np.isinf(delays).mean():.0%}", "none" if np.isinf(told) else f"{told:.0f}"]
                cells.append(f"{np.mean([one.learnt for one in found]):.0%}")
                rows.append([name, *cells, mean_and_error([one.alarms for one in found])])
                print(rows[-1], file=sys.stderr, flush=True)
    columns = [
        "fleet",
        "growth a night",
        "bank",
        "median nights to the alarm",
        "missed",
        "to it or to the word that it moves alone",
        "nights of 2 or more learnt",
    ]
    table(f"Slow faults of 4 of 40 machines, {recipe}", [*columns, "false alarms of the others"], rows)


def _percent(values: list[float]) -> str:
    return f"{np.mean(values):.1%} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.1%}"


def main() -> None:
    first, last = (int(one) for one in sys.argv[1:3]) if len(sys.argv) > 2 else (12, 16)
    recipe = sys.argv[3] if len(sys.argv) > 3 else "twfr-knn"
    healthy_table(range(first, last), recipe)
    fault_table(range(first, last), recipe)


if __name__ == "__main__":
    main()
