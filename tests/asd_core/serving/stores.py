"""Stores of nights that are scored and judged, made of rows, so that no sound is needed."""

import datetime

from asd_core.digest import content_hash
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.runs.alarm_marks import digests_of_nights, told_by
from asd_core.store.alarm_schemas import ALARMS
from asd_core.store.alarm_tables import KeptNight
from asd_core.store.layout import night_path
from asd_core.store.night_files import night_bytes
from asd_core.store.tables import SCORES
from tests.many_nights.plant import KEY, RECIPE, keep_record
from tests.stored_rows import blank_rows

CONFIG = RECIPE.for_machine("").alarm
DATES = ["2026-11-17", "2026-11-18", "2026-11-19"]
FAN, PUMP, VALVE = ("fan", "00"), ("pump", "01"), ("valve", "02")
STATES = {"N": ("act", "new"), "A": ("act", "continuing"), "K": ("watch", "continuing"), "W": ("watch", None)}
STATES |= {"C": ("within_chance", "cleared"), "·": ("within_chance", None), "?": ("not_decided", None)}
GONE = "file:///gone/{}.wav"
P_VALUES = {"N": 0.001, "A": 0.002, "K": 0.004, "W": 0.008, "C": 0.3, "·": 0.5, "?": None}


def clip_rows(date, machine, scores, threshold=1.0):
    """A clip for each score, a minute apart."""
    count = len(scores)
    names = [f"{'-'.join(machine)}-{date}-{number}" for number in range(count)]
    start = datetime.datetime(2026, 11, 19, 2, tzinfo=datetime.UTC)
    columns = {"machine_type": [machine[0]] * count, "machine_id": [machine[1]] * count, "date": [date] * count}
    columns |= {
        "clip_id": [content_hash(name.encode()) for name in names],
        "uri": [f"file:///gone/{n}.wav" for n in names],
    }
    columns |= {"recorded_at": [start + datetime.timedelta(minutes=number) for number in range(count)]}
    columns |= {"anomaly_score": scores, "decision_threshold": [threshold] * count, "extra": ["{}"] * count}
    columns |= {"is_flagged": [score > threshold for score in scores], "scorer_version": ["v000001-00000000"] * count}
    return blank_rows(SCORES, count, **columns)


def keep_night(
    store, date, letters, *, with_alarms=True, run="nightly", drifted=None, sentence="As it is.", shift=None
):
    """Score a night and judge it.

    Args:
        store: to write to.
        date: of the night.
        letters: machine (type, id) → its letter, as on the page of all nights; two of its three clips are flagged
            where it is in alarm, and none else.
        with_alarms: keep its alarms.
        run: what the run's id begins with.
        drifted: machine → deviations.
        sentence: on each machine.
    """
    scores = {one: [0.2, 3.0, 2.0] if letter in "NAK" else [0.5, 0.6, 0.7] for one, letter in letters.items()}
    rows = [clip_rows(date, machine, values) for machine, values in scores.items()]
    files = {}
    entry = keep_record(files, {"run_id": f"{run}-{date}", "job": "nightly", "score_files": {}, "scorers": {}}, date)
    files[night_path(KEY, date)] = night_bytes(rows, [entry])
    for path, data in files.items():
        store.files.write(path, data)
    if with_alarms:
        judged = sorted(letters, key=lambda one: "NAKWC·?".index(letters[one]))
        tiers, states = zip(*(STATES[letters[one]] for one in judged), strict=True)
        given = {"machine_type": [one[0] for one in judged], "machine_id": [one[1] for one in judged]}
        given |= {"date": [date] * len(judged), "tier": list(tiers), "state": list(states), "clips": [3] * len(judged)}
        given |= {"unlabelled_state": list(states), "p_value": [P_VALUES[letters[one]] for one in judged]}
        given |= {"p_floor": [0.001] * len(judged), "sentence": [sentence] * len(judged)}
        given |= {"flagged": [2 if letters[one] in "NAK" else 0 for one in judged]}
        given |= {"nights_in_alarm": [2 if letters[one] in "AK" else int(letters[one] == "N") for one in judged]}
        given |= {"acknowledged": [letters[one] == "K" if letters[one] in "NAK" else None for one in judged]}
        given |= {"drifted_by": [(drifted or {}).get(one) for one in judged]}
        given |= {"worst_uri": [GONE.format(f"{'-'.join(one)}-{date}-1") for one in judged]}
        marks = told_by(CONFIG, store.scored_dates(KEY)[date], digests_of_nights(store.labels()), date)
        kept = KeptNight(blank_rows(ALARMS, len(judged), **given), {"decided": "d", **marks})
        store.keep_alarms(KEY, date, kept)


def keep_scorers(store, machines, run="fit"):
    """Name scorers of machines, heard or not."""
    for machine in machines:
        store.files.write(f"newest_{scorer_folder(KEY, *machine)}/v000001-00000000", b"")
    store.files.write(f"newest_scorers/{KEY}/+complete", b"")
    files = {}
    keep_record(files, {"run_id": run, "job": "fit"}, "2026-11-01")
    for path, data in files.items():
        store.files.write(path, data)


def plant(store):
    """Three nights of a fan that falls ill, a pump that is watched and a valve that is not heard last."""
    keep_scorers(store, [FAN, PUMP, VALVE])
    keep_night(store, DATES[0], {FAN: "·", PUMP: "·", VALVE: "·"})
    keep_night(store, DATES[1], {FAN: "N", PUMP: "·", VALVE: "W"})
    keep_night(store, DATES[2], {FAN: "A", PUMP: "W"}, drifted={PUMP: -2.5})
    return store
