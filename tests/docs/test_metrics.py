"""docs/metrics.md has every metric as the code has it."""

import re

from asd_core.metrics.table import METRICS, RUN_LABELS
from tests.docs.blocks import ROOT

TEXT = (ROOT / "docs" / "metrics.md").read_text("utf-8")


def test_every_metric_stands_there_with_type_labels_place_and_meaning_and_no_other():
    live, file = TEXT.split("stand in the file only")
    for text, is_live in ((live, True), (file, False)):
        rows = re.findall(r"^\| `(asd_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", text, re.MULTILINE)
        assert rows == [
            (metric.name, metric.kind, ", ".join(f"`{label}`" for label in metric.labels), metric.meaning)
            for metric in METRICS.values()
            if metric.is_live is is_live
        ]
    assert all(f"`{label}`" in TEXT for label in RUN_LABELS)


def test_every_metric_that_the_page_names_is_one():
    assert set(re.findall(r"\b(?:ray_)?(asd_[a-z_]+[a-z])", TEXT)) - {"asd_core"} <= set(METRICS)
