"""Every metric that a run counts: name, type, labels and meaning, as docs/metrics.md lists them.

Names and units follow Prometheus: a counter ends in ``_total``, times are in seconds. No label holds the name of a
clip, a machine or a file: each has few values, however large the fleet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RUN_LABELS = ("command", "recipe", "key")
"""Labels of every metric: the command (``nightly``), the recipe's name, and its KEY ("" where it has none)."""

REASONS = (
    "changed",
    "crashed",
    "embedding_not_finite",
    "empty",
    "imported",
    "no_samples",
    "no_scorer",
    "no_such_channel",
    "not_audio",
    "not_committed",
    "not_decoded",
    "not_finite",
    "silent",
    "too_long",
    "too_short",
    "unplaced",
    "unreadable",
    "vanished",
    "wrong_length",
)
"""Reasons of error rows that are values of the label ``reason``; all others are counted as ``other``."""


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: as the file of metrics has it; Ray puts ``ray_`` before it.
        kind: a counter only grows, and goes on from run to run; a gauge is as of now.
        meaning: in one line.
        labels: its own, beside `RUN_LABELS`.
        is_live: told while the run works; others are known at its end, and stand in the file only.
    """

    name: str
    kind: Literal["counter", "gauge"]
    meaning: str
    labels: tuple[str, ...] = ()
    is_live: bool = True


_TABLE = (
    Metric("asd_clips_decoded_total", "counter", "Recordings read and embedded by runs, broken ones too."),
    Metric("asd_clips_scored_total", "counter", "Recordings that got a score."),
    Metric("asd_clips_flagged_total", "counter", "Recordings above the threshold of their machine."),
    Metric(
        "asd_clip_errors_total",
        "counter",
        "Recordings without an embedding (embed) or a score (score).",
        ("stage", "reason"),
    ),
    Metric("asd_shards_total", "counter", "Shards of recordings that were embedded and committed."),
    Metric("asd_shards_left", "gauge", "Shards that wait or are under way."),
    Metric("asd_decode_seconds_total", "counter", "Seconds that workers spent reading and decoding."),
    Metric(
        "asd_encode_seconds_total",
        "counter",
        "Seconds that workers spent in encoders, on cpu or cuda.",
        ("device",),
    ),
    Metric("asd_nights_total", "counter", "Nights that were scored and published."),
    Metric("asd_new_alarms_total", "counter", "Alarms of machines that began in a night."),
    Metric("asd_runs_total", "counter", "Runs that ended: complete, failed or interrupted.", ("outcome",), False),
    Metric("asd_llm_requests_total", "counter", "Captions that a language model was asked for."),
    Metric(
        "asd_llm_attempts_total",
        "counter",
        "Requests sent, retries too, by what came of them.",
        ("outcome",),
    ),
    Metric("asd_llm_retries_total", "counter", "Requests sent again, after a failure or a complaint."),
    Metric("asd_llm_tokens_total", "counter", "Tokens of answers (output) and of their prompts (input).", ("kind",)),
    Metric("asd_llm_usd_total", "counter", "US dollars for these tokens; absent where no price is given."),
    Metric(
        "asd_llm_limit_used_ratio",
        "gauge",
        "Share of the limit a minute that is used: of requests or tokens.",
    ),
    Metric("asd_llm_limit_peak_ratio", "gauge", "The largest such share of the run."),
    Metric("asd_last_run_timestamp_seconds", "gauge", "When the last run ended, as a Unix time.", (), False),
    Metric("asd_last_success_timestamp_seconds", "gauge", "When the last complete run ended.", (), False),
    Metric("asd_last_run_success", "gauge", "1 where the last run is complete, 0 where it is not.", (), False),
    Metric("asd_last_run_seconds", "gauge", "How long the last run took.", (), False),
    Metric("asd_last_run_listed", "gauge", "Recordings that the last complete run was about.", (), False),
    Metric("asd_last_run_scored", "gauge", "Recordings of it with a score.", (), False),
    Metric("asd_last_run_errors", "gauge", "Recordings of it with an error.", (), False),
    Metric("asd_last_run_flagged", "gauge", "Recordings of it that are flagged.", (), False),
    Metric(
        "asd_last_night_timestamp_seconds",
        "gauge",
        "Its latest night: when that date began, in UTC.",
        (),
        False,
    ),
    Metric(
        "asd_machines",
        "gauge",
        "Machines of its latest night: act is in alarm.",
        ("tier",),
        False,
    ),
)

METRICS = {metric.name: metric for metric in _TABLE}
"""Name → metric."""


def bounded_reason(reason: str) -> str:
    """A value of the label ``reason``: encoders of users may give reasons of any kind."""
    return reason if reason in REASONS else "other"
