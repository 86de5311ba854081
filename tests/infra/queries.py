"""Queries in PromQL, parsed: which metrics they name, by which labels they choose and group."""

import json
import re

import promql_parser
import yaml

from asd_core.metrics.table import METRICS, RUN_LABELS
from tests.infra.project import ROOT
from tests.infra.ray_metrics import OF_GPUS, SEEN

DASHBOARD = json.loads((ROOT / "infra/grafana/asd-dashboard.json").read_text("utf-8"))
ALERTS = [
    rule
    for group in yaml.safe_load((ROOT / "infra/prometheus/alerts.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
LABELS_OF_METRICS = (
    {name: {*RUN_LABELS, *metric.labels} for name, metric in METRICS.items()}
    | {f"ray_{name}": {*RUN_LABELS, *metric.labels} for name, metric in METRICS.items() if metric.is_live}
    | SEEN
    | OF_GPUS
)
"""Metric → its labels, of every metric that a query may name."""

_VARIABLES = {"$__rate_interval": "5m", "$recipe": ".*"}


def parsed(query):
    """The query as Prometheus' own grammar reads it, Grafana's variables filled in; raises where it cannot."""
    for name, value in _VARIABLES.items():
        query = query.replace(name, value)
    return promql_parser.parse(query)


def named(query):
    """Metrics of a query, each with the labels that it is chosen by."""
    found = {}

    def visit(node):
        if isinstance(node, promql_parser.VectorSelector):
            found.setdefault(node.name, set()).update(matcher.name for matcher in node.matchers.matchers)

    promql_parser.walk(parsed(query), visit)
    return found


def grouped(query):
    """Labels that a query groups by; None where it groups by none, so that all labels stay."""
    parts = re.findall(r"\bby \(([^)]*)\)", query)
    if parts:
        return {label.strip() for part in parts for label in part.split(",")}
    return set() if re.match(r"(sum|absent)\(", query) else None


def mistakes(query, shown=()):
    """Lines on what a query names that there is not.

    Args:
        query: in PromQL.
        shown: labels that are shown beside its values.
    """
    lines = []
    for name, chosen in named(query).items():
        if name not in LABELS_OF_METRICS:
            lines.append(f"there is no metric {name}")
        else:
            used = chosen | (grouped(query) or set())
            lines += [f"{name} has no label {label}" for label in sorted(used - LABELS_OF_METRICS[name])]
    kept = grouped(query)
    if kept is None:
        kept = set.intersection(*(LABELS_OF_METRICS.get(name, set()) for name in named(query)))
    return lines + [f"{label} is no label of the result" for label in sorted({*shown} - kept)]
