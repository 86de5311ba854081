import re
from pathlib import Path

import pytest

from asd_core.metrics.table import METRICS, REASONS, RUN_LABELS, bounded_reason

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_names_and_units_are_as_prometheus_wants_them(metric):
    assert re.fullmatch(r"asd(_[a-z]+)+", metric.name)
    assert (metric.kind == "counter") is metric.name.endswith("_total")
    assert not {*metric.labels} & {*RUN_LABELS, "job", "instance"}  # which a scrape sets
    assert metric.meaning.endswith(".") and "\n" not in metric.meaning


def test_no_label_names_a_clip_or_a_machine():
    assert {label for metric in METRICS.values() for label in metric.labels} == {
        *("stage", "reason", "device", "outcome", "kind", "tier")
    }


def test_every_reason_that_the_code_gives_a_clip_is_a_value_of_the_label():
    source = "".join(path.read_text("utf-8") for path in (ROOT / "asd_core").rglob("*.py"))
    given = set(re.findall(r'ClipError\(\s*"(\w+)"', source)) | {"no_scorer", "unplaced", "not_committed"}
    assert given == set(REASONS)


def test_a_reason_of_a_users_own_encoder_is_counted_as_other():
    assert bounded_reason("empty") == "empty" and bounded_reason("/plant/clip 17.wav") == "other"
