"""One night's committed scores, its history and its scorers, put together for the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.alarms.acknowledged import NightAnswer
from asd_core.alarms.labelled_nights import in_words
from asd_core.alarms.sentences import rarity
from asd_core.audio.listening import AudioReader, Heard
from asd_core.captions.selection import clip_keys
from asd_core.encoders.build import encoder_note, kind_of
from asd_core.encoders.config import EncoderConfig
from asd_core.errors import AsdError
from asd_core.pages.night import Judgement, MachineRecord, Night, write_report
from asd_core.pipeline.decoding import heard_by
from asd_core.pipeline.scorer_versions import newest_heads
from asd_core.recipe.recipe import Recipe
from asd_core.runs.alarm_summary import AlarmSummary
from asd_core.runs.alarms import find_alarms
from asd_core.runs.borrowed_heads import borrowed_heads
from asd_core.runs.night_links import link_to, neighbours
from asd_core.store.layout import night_page_path
from asd_core.store.store import Store
from asd_core.store.tables import rows_of

HISTORY_NIGHTS = 60  # before the one reported: a chart of more could not be read, and a year would not fit memory

_MARK = b'<meta name="asd-alarms" content="'
_HISTORY = ["uri", "machine_type", "machine_id", "date", "anomaly_score", "decision_threshold", "is_flagged", "p_value"]


def report_night(
    store: Store,
    recipe: Recipe,
    date: str | None,
    map_function: Callable[..., Iterable[Any]] = map,
    alarms: AlarmSummary | None = None,
) -> str:
    """Write the report of a scored night into the store; reports of the nights beside it get a link to it.

    Its tiers follow the recipe's ``[alarm]`` as it is now. A page without alarms says why it has none.

    Args:
        store: where scores are and the report goes.
        recipe: whose scores.
        date: of the recordings; None takes the latest scored.
        map_function: maps the making of media over flagged clips; the builtin, or a cluster's.
        alarms: of that night, where they are known; None finds them.

    Returns:
        The path of the page in the store.

    Raises:
        AsdError: nothing has been scored for it.
    """
    key = recipe.key()
    date = date or latest_scored(store, key)
    night, problem = replace(read_night(store, recipe, key, date), neighbours=neighbours(store, key, date)), ""
    if alarms is None:
        alarms, problem = _found(store, recipe, date)
    night = replace(night, alarms_problem=problem) if alarms is None else with_alarms(night, alarms)
    folder = report_path(recipe, date).rsplit("/", 1)[0]
    page = write_report(night, store.files, folder, _reader(recipe, night.scores), map_function=map_function)
    link_to(store, key, date)
    return page


def _found(store: Store, recipe: Recipe, date: str) -> tuple[AlarmSummary | None, str]:
    """The alarms of a night by the recipe's rule, or why there are none."""
    try:
        rows = find_alarms(store, recipe, [date])[date]
    except AsdError as error:
        return None, str(error)
    return AlarmSummary(date, rows, recipe.for_machine("").alarm), ""


def is_stale(store: Store, recipe: Recipe, alarms: AlarmSummary) -> bool:
    """The page of a night is there and says other alarms than these. Pages of before bear no mark, and stay."""
    path = report_path(recipe, alarms.date)
    if not store.files.exists(path):
        return False
    page = store.files.read(path)
    return _MARK in page and _MARK + alarms.mark.encode() not in page


def _reader(recipe: Recipe, scores: pa.Table) -> AudioReader:
    """A reader that plays what was scored, for each machine type."""
    heard, others = heard_by(recipe.for_machine("").encoder), dict[str, Heard]()
    for machine_type in recipe.settings.get("machine", {}):
        own = heard_by(recipe.for_machine(machine_type).encoder)
        if own != heard:
            rows = scores.filter(pc.equal(scores["machine_type"], machine_type))
            nearest = (uri for uris in rows["nearest_uris"].to_pylist() for uri in uris or ())
            others |= dict.fromkeys([*rows["uri"].to_pylist(), *nearest], own)
    return AudioReader(heard, others)


def report_path(recipe: Recipe, date: str) -> str:
    """Path of a night's page in the store."""
    return night_page_path(recipe.key(), date)


def latest_scored(store: Store, key: str) -> str:
    """The latest date with committed scores; "undated" where none has a date."""
    dates = set(store.scored_dates(key))
    if not dates:
        raise AsdError(f"nothing is scored for {key}: run asd nightly or asd score first")
    return max(dates - {"undated"}, default="undated")


def read_night(store: Store, recipe: Recipe, key: str, date: str, history_nights: int = HISTORY_NIGHTS) -> Night:
    """All that the report of one date is made from, but for its alarms."""
    scores = store.scores(key, date)
    if not len(scores):
        raise AsdError(f"nothing is scored for {key} on {date}: run asd nightly --date {date} first")
    runs = store.scored_dates(key)
    earlier = sorted(night for night in runs if night < date != "undated")
    history = store.scores(key, earlier[-history_nights:], _HISTORY)
    record = store.record(runs[date][0])
    judged = record.get("judged_anew", {})
    machines = [
        replace(
            machine_record(
                head | judged.get(folder, {}) if record["scorers"].get(folder) == version else head, version
            ),
            quantile=recipe.for_machine(head["machine_type"]).threshold.quantile,
        )
        for folder, (version, head) in [*newest_heads(store, key).items(), *borrowed_heads(store, key, scores)]
    ]
    return Night(
        recipe=recipe.name,
        key=key,
        date=date,
        run=_run_of(record),
        scores=scores,
        history=history.select(_HISTORY),
        machines=machines,
        captions=_explaining(scores, store.captions(key, [date])),
        clip_labels=clip_labels(store, date),
    )


def clip_labels(store: Store, date: str) -> dict[str, str]:
    """Address → what a person called the clip, in words, of the clips of a date."""
    labels = store.labels()
    own = labels.filter(pc.and_(pc.equal(labels["date"], date), pc.is_valid(labels["uri"])))
    rows = rows_of(own, "uri", "answer", "words", "labelled_by")
    return {uri: in_words(NightAnswer(answer, words or "", labelled_by=by or "")) for uri, answer, words, by in rows}


def with_alarms(night: Night, alarms: AlarmSummary) -> Night:
    """A night with its alarms."""
    said = (alarms.headline(), *alarms.remarks())
    return replace(night, alarms=said, alarms_mark=alarms.mark, judgements=judgements(alarms))


def judgements(alarms: AlarmSummary) -> dict[tuple[str, str], Judgement]:
    """The tier of each machine's night, for the page."""
    rows = enumerate(alarms.rows.to_pylist())
    return {(row["machine_type"], row["machine_id"]): judgement_of(row, place) for place, row in rows}


def judgement_of(row: Mapping[str, Any], place: int) -> Judgement:
    """The tier in a row of ALARMS, for a page.

    Args:
        row: of a machine.
        place: of the row in its night.
    """
    return Judgement(
        row["tier"],
        place,
        row["sentence"],
        row["state"] or "",
        row["nights_in_alarm"] or 0,
        "" if row["p_value"] is None else rarity(row["p_value"], row["p_floor"]),
        row["label"] or "",
        bool(row["acknowledged"]),
    )


def _explaining(scores: pa.Table, captions: pa.Table) -> pa.Table:
    """The captions that explain these very scores, not those that an earlier scorer gave the same clips."""
    scored = set(clip_keys(scores))
    return captions.filter(pa.array([key in scored for key in clip_keys(captions)], pa.bool_()))


def _run_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the record of a date's last run that belongs on a page."""
    shown = {name: value for name, value in record.items() if name not in ("scorers", "score_files", "judged_anew")}
    if len(record["dates"]) > 1:  # counts of many nights would be read as those of this one
        shown["counts_of_all_dates"] = shown.pop("counts")
    return shown


def machine_record(head: Mapping[str, Any], version: str) -> MachineRecord:
    """Facts on a machine's scorer for the report."""
    encoder = EncoderConfig(**head["recipe"]["encoder"])
    imported = "" if kind_of(encoder.kind).is_from_audio else f"Embeddings imported as {encoder.name}."
    return MachineRecord(
        machine_type=head["machine_type"],
        machine_id=head["machine_id"],
        scorer_version=version,
        n_normal_clips=head["normal_clips"],
        decision_threshold=head["threshold"],
        median_unseen_score=head["median_unseen_score"],
        false_alarm_rate=head["false_alarm_rate"],
        notes=(*head["notes"], *_left_out(head)),
        lenders=len(head.get("lenders", ())),
        embeddings_note=imported or encoder_note(encoder),
    )


def _left_out(head: Mapping[str, Any]) -> list[str]:
    """A note on a scorer whose threshold is not from scores with each clip left out by itself."""
    kind = head.get("left_out", "clip")
    return [] if kind == "clip" else [f"threshold and p are from normal clips with each {kind} left out"]
