"""From stored scores to the alarms of nights: evidence against each machine, and what a rule makes of it.

Evidence depends on scores alone. It is computed once a night and kept, so that the nights before are read and not
computed again. A rule that was edited decides anew over the kept evidence; nothing is fitted, and no score changes. So
do answers of people on a night or one before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property, partial
from itertools import islice

import pyarrow as pa

from asd_core.alarms.labelled_alarms import LabelledAlarms
from asd_core.clips.clip import UNDATED
from asd_core.errors import AsdError
from asd_core.pipeline.decided_nights import GATHERED, DecidedNights, decide
from asd_core.pipeline.engine import Engine, LocalEngine, Progress, no_progress
from asd_core.pipeline.gathered_nights import GatheredNights
from asd_core.pipeline.lent_evidence import with_lent_nights
from asd_core.pipeline.night_evidence import SCORES_READ, LearntFleet, learnt_fleet, night_evidence
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.pipeline.type_files import stored_lent_nights
from asd_core.pipeline.type_scorers import is_borrowed
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.recipe.recipe import Recipe
from asd_core.runs.alarm_marks import METHOD, digest, digests_of_nights, mark_of_rule, mark_of_scores, told_by
from asd_core.runs.learnt_nights import learnt_nights
from asd_core.store.alarm_tables import KeptNight
from asd_core.store.store import Store
from asd_core.store.tables import rows_of

_HISTORY = ("machine_type", "machine_id", *GATHERED)
_AT_ONCE = 32  # nights whose files are held

MOST_NIGHTS = 120
"""Nights before the one asked for that a rule looks at; an alarm that is older is told to have begun with them."""


def find_alarms(
    store: Store,
    recipe: Recipe,
    dates: Collection[str],
    engine: Engine | None = None,
    progress: Progress = no_progress,
    *,
    config: AlarmConfig | None = None,
    as_history: bool = False,
) -> dict[str, pa.Table]:
    """The alarms of scored nights, kept in the store where they are not yet; cheap where nothing changed.

    Args:
        store: where scores and scorers are.
        recipe: whose scores.
        dates: of the nights; the nights before each of them are looked at too.
        engine: where nights are computed that scorers of before lack; None for this process.
        progress: told (stage, done, total).
        config: the rule; None for the recipe's ``[alarm]``.
        as_history: judge these nights as they are judged when they come before another one. Where they have no
            evidence yet and scorers of before scored them, they are not decided, and nothing is computed for these.

    Returns:
        Date → rows of ALARMS, alarms first and then by evidence.

    Raises:
        AsdError: a night is not scored.
    """
    rule, found = config or recipe.for_machine("").alarm, dict[str, pa.Table]()
    work = _Work(store, recipe, rule, engine or LocalEngine(), progress, as_history)
    for chain in work.chains(dates):
        found |= work.judge(chain, set(dates))
    return {date: found[date] for date in sorted(dates)}


def past_precision(store: Store, key: str, date: str) -> LabelledAlarms:
    """How many alarms of a night and the `MOST_NIGHTS` before were labelled, and how many of them as faults.

    Args:
        store: where alarms are kept.
        key: of the recipe.
        date: of a night whose alarms were found; of another one nothing is known.
    """
    kept = store.kept_alarms(key, [date], ["date"]).get(date)
    counts = {} if kept is None else kept.made_of
    return LabelledAlarms(int(counts.get("labelled_alarms", 0)), int(counts.get("labelled_faults", 0)))


class _Work:
    """The nights of one recipe under judgement."""

    def __init__(
        self,
        store: Store,
        recipe: Recipe,
        config: AlarmConfig,
        engine: Engine,
        progress: Progress,
        as_history: bool,
    ) -> None:
        self._store, self._recipe, self._engine, self._progress = store, recipe, engine, progress
        self._as_history = as_history
        self._key, self._config = recipe.key(), config
        self._runs = store.scored_dates(self._key)
        self._fleets: dict[str, LearntFleet] = {}
        self._labels, self._maintenance = store.labels(), store.maintenance()
        self._answers = digests_of_nights(self._labels, self._maintenance)

    def chains(self, dates: Collection[str]) -> list[list[str]]:
        """The nights to judge in their order: those with a date up to the last asked for, and clips without one."""
        for date in dates:
            if date not in self._runs:
                raise AsdError(f"nothing is scored for {self._key} on {date}: run asd nightly --date {date} first")
        dated = [date for date in dates if date != UNDATED]
        nights = sorted(date for date in self._runs if dated and UNDATED != date <= max(dated))
        before = max(0, nights.index(min(dated)) - MOST_NIGHTS) if dated else 0
        return [chain for chain in (nights[before:], [UNDATED] * (UNDATED in dates)) if chain]

    def judge(self, chain: list[str], wanted: Collection[str]) -> dict[str, pa.Table]:
        """Rows of ALARMS of the nights wanted, by all nights of a chain up to them; what was not kept yet is kept."""
        nights, history = GatheredNights(GATHERED), mark_of_rule(self._config)
        evidence, marks = dict[str, pa.Table](), dict[str, dict[str, str]]()
        for done, (date, kept) in enumerate(self._kept(chain, wanted), 1):
            made_of, rows = self._evidence(date, kept, date in wanted and not self._as_history)
            nights.add(date, rows)
            history = digest([history, date, made_of, *self._answers.get(date, ())])  # none where none is labelled
            if date in wanted:
                evidence[date] = rows
                marks[date] = {"decided": history, **told_by(self._config, self._runs[date], self._answers, date)}
            self._progress("judging nights", done, len(chain))
        told = {
            date: kept.rows
            for date, kept in self._store.kept_alarms(self._key, list(marks)).items()
            if kept.is_made_of(marks[date])
        }
        decided: dict[str, DecidedNights] = {}
        for date in marks.keys() - told.keys():
            versions = self._newest if self._as_history else self._versions(evidence[date])
            fleet = self._name(versions)
            if fleet not in decided:
                decided[fleet] = decide(
                    self._fleet(versions), self._key, nights, self._config, self._labels, self._maintenance
                )
            told[date] = decided[fleet].rows(self._key, chain.index(date), evidence[date])
            found = decided[fleet].labelled_alarms(chain.index(date))
            counts = (
                {"labelled_alarms": str(found.alarms), "labelled_faults": str(found.faults)} if found.alarms else {}
            )
            self._store.keep_alarms(self._key, date, KeptNight(told[date], marks[date] | counts))
        return told

    def _kept(self, chain: list[str], wanted: Collection[str]) -> Iterator[tuple[str, KeptNight | None]]:
        """The kept evidence of each night, whole of those wanted; others have the columns that a rule needs."""
        waiting = iter(chain)
        while dates := list(islice(waiting, _AT_ONCE)):
            found = self._store.kept_evidence(self._key, [date for date in dates if date not in wanted], _HISTORY)
            found |= self._store.kept_evidence(self._key, [date for date in dates if date in wanted])
            yield from ((date, found.get(date)) for date in dates)

    def _evidence(self, date: str, kept: KeptNight | None, is_wanted: bool) -> tuple[Mapping[str, str], pa.Table]:
        """Marks of a night's evidence and its rows: as kept, or from the scores, and then kept.

        A night that is not asked for stays as it was when it was new, unless it was scored again since.
        """
        scores = mark_of_scores(self._runs[date])
        if kept is not None and kept.is_made_of({"scores": scores, "method": METHOD}):
            learnt = kept.made_of.get("learnt")
            if not is_wanted or learnt == self._name(self._versions(kept.rows)):
                return kept.made_of, kept.rows
        rows = self._store.scores(self._key, date, SCORES_READ).select(SCORES_READ)
        versions = self._versions(rows) if is_wanted else self._newest
        made_of = {"method": METHOD, "scores": scores, "learnt": self._name(versions)}
        found = night_evidence(self._fleet(versions), self._key, date, rows)
        found = with_lent_nights(found, self._key, partial(stored_lent_nights, self._store))
        self._store.keep_evidence(self._key, date, KeptNight(found, made_of))
        return made_of, found

    @cached_property
    def _newest(self) -> dict[str, str]:
        return newest_versions(self._store, self._key)

    @cached_property
    def _name_of_newest(self) -> str:
        return digest(sorted(self._newest.items()))

    def _name(self, versions: Mapping[str, str]) -> str:
        """A digest of the versions of scorers."""
        is_newest = versions is self._newest or versions == self._newest
        return self._name_of_newest if is_newest else digest(sorted(versions.items()))

    def _versions(self, rows: pa.Table) -> dict[str, str]:
        """Scorer folder → version: of machines with rows the one that scored them, of the others the newest."""
        machines = rows.group_by(["machine_type", "machine_id", "scorer_version"]).aggregate([])
        told = rows_of(machines, "machine_type", "machine_id", "scorer_version")
        own = {
            scorer_folder(self._key, kind, name): version
            for kind, name, version in told
            if version is not None and not is_borrowed(version)
        }
        return self._newest | own

    def _fleet(self, versions: Mapping[str, str]) -> LearntFleet:
        name = self._name(versions)
        if name not in self._fleets:
            self._fleets.clear()  # nights hardly ever have different ones
            fitted = learnt_nights(self._store, self._recipe, versions, self._engine, self._progress)
            self._fleets[name] = learnt_fleet(fitted, versions)
        return self._fleets[name]
