"""The schemas of evidence and alarms of nights, and of what people said of them."""

from __future__ import annotations

import pyarrow as pa

EVIDENCE = pa.schema(
    [
        pa.field("machine_type", pa.string(), nullable=False),
        pa.field("machine_id", pa.string(), nullable=False),
        pa.field("date", pa.string(), nullable=False),
        pa.field("clips", pa.int64(), nullable=False),  # that were scored
        pa.field("flagged", pa.int64(), nullable=False),  # above their threshold
        pa.field("errors", pa.int64(), nullable=False),  # that could not be scored
        pa.field("night_mean", pa.float64()),  # mean anomaly score of the clips; null where none was scored
        pa.field("worst", pa.float64()),  # highest of them
        pa.field("worst_uri", pa.string()),  # the clip with it
        pa.field("level_db", pa.float64()),  # mean RMS level of the clips, dB re full scale; null where not known
        pa.field("level_change_db", pa.float64()),  # that less the level of the learnt nights; null where not known
        pa.field("level_p_value", pa.float64()),  # of a level as far away, on either side; null likewise
        pa.field("z_mean", pa.float64()),  # the mean on the normal scale of the machine's nights; null where not known
        pa.field("z_worst", pa.float64()),  # the highest likewise
        pa.field("calibration_nights", pa.int64(), nullable=False),  # nights of the machine that were learnt
        pa.field("scorer_version", pa.string()),  # null where no clip was scored
        pa.field("normal_clips", pa.int64()),  # that the machine's own scorer learnt, 0 without one; null in old nights
        pa.field("lenders", pa.int64()),  # machines that the scorer is of, where it is the type's; null for an own one
        pa.field("lent_p_value", pa.float64()),  # of the night beside theirs; null where they are too few
        pa.field("lent_p_floor", pa.float64()),  # smallest such p; null likewise
    ]
)
"""One row per machine with a clip in a night: what its scores say, whatever the rule of alarms."""

ALARMS = pa.schema(
    [
        *[EVIDENCE.field(name) for name in ("machine_type", "machine_id", "date")],
        pa.field("tier", pa.string(), nullable=False),  # "act", "watch", "within_chance" or "not_decided"
        pa.field("state", pa.string()),  # of an alarm: "new", "continuing" or "cleared"; null without one
        pa.field("since", pa.string()),  # first night of the alarm; null without one
        pa.field("nights_in_alarm", pa.int64(), nullable=False),  # nights since then, this one among them
        pa.field("p_value", pa.float64()),  # of a night as unlikely if the machine is well; null where not decided
        pa.field("p_floor", pa.float64()),  # smallest p that the nights learnt can show
        pa.field("p_mean", pa.float64()),  # of the mean of the clips' scores alone
        pa.field("p_worst", pa.float64()),  # of the highest of them alone
        pa.field("alarm_level", pa.float64(), nullable=False),  # largest p that was an alarm in this night
        pa.field("fleet_shift", pa.float64()),  # deviations by which the whole fleet lay higher; null without a shift
        pa.field("drifted_by", pa.float64()),  # deviations by which the machine lay higher for weeks; null likewise
        *[one for one in EVIDENCE if one.name not in ("machine_type", "machine_id", "date")],
        pa.field("pool_nights", pa.int64(), nullable=False),  # nights of all machines of the pool
        pa.field("pooled_over", pa.string()),  # machine type of the pool, "fleet" for all; null where not decided
        pa.field("sentence", pa.string(), nullable=False),  # for people
        pa.field("unlabelled_state", pa.string()),  # state by the scores alone; null without an alarm
        pa.field("acknowledged", pa.bool_()),  # an alarm that stays quiet for its label; null without an alarm
        pa.field("label", pa.string()),  # "normal", "fault", "ignore" or "maintenance": what holds for this night
        pa.field("label_words", pa.string()),  # of a person; null without words
        pa.field("label_until", pa.string()),  # last night that an alarm is ignored; null for other answers
        pa.field("labelled_by", pa.string()),  # null where no name was given
    ]
)
"""One row per machine with a clip in a night, alarms first and then by evidence."""

LABELS = pa.schema(
    [
        pa.field("machine_type", pa.string(), nullable=False),
        pa.field("machine_id", pa.string(), nullable=False),
        pa.field("date", pa.string(), nullable=False),
        pa.field("uri", pa.string()),  # of the clip; null for the machine's whole night
        pa.field("answer", pa.string(), nullable=False),  # "normal", "fault", "ignore" or "removed"
        pa.field("words", pa.string()),  # of a person; null without words
        pa.field("until", pa.string()),  # last night that an alarm is ignored; null for other answers
        pa.field("labelled_by", pa.string()),  # null where no name was given
        pa.field("labelled_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)
"""One row per answer of a person on a clip or a machine's night; the newest answer on each counts."""

MAINTENANCE = pa.schema(
    [
        pa.field("machine_type", pa.string(), nullable=False),
        pa.field("machine_id", pa.string(), nullable=False),
        pa.field("since", pa.string(), nullable=False),  # first night
        pa.field("until", pa.string()),  # last night; null while it goes on
        pa.field("reason", pa.string()),  # of a person; null without words
        pa.field("named_by", pa.string()),  # null where no name was given
        pa.field("is_removed", pa.bool_(), nullable=False),  # the window was taken back
        pa.field("named_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)
"""One row per act on a maintenance window; the newest on each machine and first night counts."""
