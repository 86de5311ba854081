"""From stored scores to the alarms of nights: evidence against each machine, and what a rule makes of it.

Evidence depends on scores alone. It is computed once a night and kept, so that the nights before are read and not
judged again. A rule that was edited decides anew over the kept p-values; nothing is fitted, and no score changes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from functools import cached_property
from itertools import islice

import pyarrow as pa

from asd_core.clips.clip import UNDATED
from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.pipeline.decided_nights import decide
from asd_core.pipeline.engine import Engine, LocalEngine, Progress, no_progress
from asd_core.pipeline.fleet_nights import FleetNights
from asd_core.pipeline.night_evidence import EVIDENCE, SCORES_READ, LearntFleet, learnt_fleet, night_evidence
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.recipe.recipe import Recipe
from asd_core.runs.learnt_nights import learnt_nights
from asd_core.store.alarm_tables import KeptAlarms
from asd_core.store.store import Store
from asd_core.store.tables import rows_of

_GATHERED = ("p_value", "calibration_nights")
_HISTORY = ("machine_type", "machine_id", *_GATHERED)
_AT_ONCE = 32  # nights whose files are held


def find_alarms(
    store: Store,
    recipe: Recipe,
    dates: Collection[str],
    engine: Engine | None = None,
    progress: Progress = no_progress,
) -> dict[str, pa.Table]:
    """The alarms of scored nights, kept in the store where they are not yet; cheap where nothing changed.

    Args:
        store: where scores and scorers are.
        recipe: whose scores; its ``[alarm]`` is the rule.
        dates: of the nights; the nights before each of them are looked at too.
        engine: where nights are computed that scorers of before lack; None for this process.
        progress: told (stage, done, total).

    Returns:
        Date → rows of ALARMS, alarms first and then by evidence.

    Raises:
        AsdError: a night is not scored.
    """
    found: dict[str, pa.Table] = {}
    work = _Work(store, recipe, engine or LocalEngine(), progress)
    for chain in work.chains(dates):
        found |= work.judge(chain, set(dates))
    return {date: found[date] for date in sorted(dates)}


class _Work:
    """The nights of one recipe under judgement."""

    def __init__(self, store: Store, recipe: Recipe, engine: Engine, progress: Progress) -> None:
        self._store, self._recipe, self._engine, self._progress = store, recipe, engine, progress
        self._key, self._config = recipe.key(), recipe.for_machine("").alarm
        self._runs = store.scored_dates(self._key)
        self._fleets: dict[str, LearntFleet] = {}

    def chains(self, dates: Collection[str]) -> list[list[str]]:
        """The nights to judge in their order: those with a date up to the last asked for, and clips without one."""
        for date in dates:
            if date not in self._runs:
                raise AsdError(f"nothing is scored for {self._key} on {date}: run asd nightly --date {date} first")
        dated = [date for date in dates if date != UNDATED]
        nights = sorted(date for date in self._runs if dated and UNDATED != date <= max(dated))
        return [chain for chain in (nights, [UNDATED] * (UNDATED in dates)) if chain]

    def judge(self, chain: list[str], wanted: Collection[str]) -> dict[str, pa.Table]:
        """Rows of ALARMS of the nights wanted, after all nights of a chain; what was not kept yet is kept."""
        nights, marks = FleetNights(_GATHERED), list[dict[str, str]]()
        fresh: dict[str, pa.Table] = {}  # evidence of nights that are to be told or kept
        kept: dict[str, Mapping[str, str]] = {}
        for done, (date, found) in enumerate(self._kept(chain, wanted), 1):
            mark, rows = self._evidence(date, found, date in wanted)
            nights.add(date, rows)
            marks.append(mark)
            if date in wanted or found is None or found.made_of.get("scores") != mark["scores"]:
                fresh[date] = rows
                kept[date] = {} if found is None else found.made_of
            self._progress("judging nights", done, len(chain))
        decided = decide(nights, self._config)
        told: dict[str, pa.Table] = {}
        history = _digest(asdict(self._config))
        for number, (date, mark) in enumerate(zip(chain, marks, strict=True)):
            history = _digest([history, date, mark])
            if date in fresh:
                rows, made_of = decided.rows(number, fresh.pop(date)), {**mark, "decided": history}
                if kept[date] != made_of:
                    self._store.keep_alarms(self._key, date, KeptAlarms(rows, made_of))
                if date in wanted:
                    told[date] = rows
        return told

    def _kept(self, chain: list[str], wanted: Collection[str]) -> Iterator[tuple[str, KeptAlarms | None]]:
        """The kept file of each night, whole of those wanted; nights that are not wanted have the columns needed."""
        waiting = iter(chain)
        while dates := list(islice(waiting, _AT_ONCE)):
            found = self._store.kept_alarms(self._key, [date for date in dates if date not in wanted], _HISTORY)
            found |= self._store.kept_alarms(self._key, [date for date in dates if date in wanted])
            yield from ((date, found.get(date)) for date in dates)

    def _evidence(self, date: str, kept: KeptAlarms | None, is_wanted: bool) -> tuple[dict[str, str], pa.Table]:
        """What evidence is made from, and its rows: as kept, or from the scores.

        A night that is not asked for stays as it was judged when it was new, unless it was scored again since.
        """
        scores = _digest([(run.committed_at, run.run_id) for run in self._runs[date]])
        is_current = kept is not None and kept.made_of.get("scores") == scores
        if kept is not None and is_current:
            learnt = kept.made_of.get("learnt", "")
            if not is_wanted or learnt == _digest(sorted(self._versions(kept.rows).items())):
                return {"scores": scores, "learnt": learnt}, kept.rows.select(EVIDENCE.names if is_wanted else _HISTORY)
        rows = self._store.scores(self._key, date, SCORES_READ).select(SCORES_READ)
        versions = self._versions(rows) if is_wanted else self._newest
        mark = {"scores": scores, "learnt": _digest(sorted(versions.items()))}
        return mark, night_evidence(self._fleet(versions), self._key, date, rows)

    @cached_property
    def _newest(self) -> dict[str, str]:
        return newest_versions(self._store, self._key)

    def _versions(self, rows: pa.Table) -> dict[str, str]:
        """Scorer folder → version: of machines with rows the one that scored them, of the others the newest."""
        machines = rows.group_by(["machine_type", "machine_id", "scorer_version"]).aggregate([])
        told = rows_of(machines, "machine_type", "machine_id", "scorer_version")
        own = {scorer_folder(self._key, kind, name): version for kind, name, version in told if version is not None}
        return self._newest | own

    def _fleet(self, versions: Mapping[str, str]) -> LearntFleet:
        name = _digest(sorted(versions.items()))
        if name not in self._fleets:
            self._fleets.clear()  # nights of one chain hardly ever have different ones
            fitted = learnt_nights(self._store, self._recipe, versions, self._engine, self._progress)
            self._fleets[name] = learnt_fleet(fitted, versions)
        return self._fleets[name]


def _digest(value: object) -> str:
    return content_hash(json.dumps(value).encode())
