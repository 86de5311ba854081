import re

import pytest
import yaml

from jobs.options import METRICS_VARIABLE
from tests.infra.project import ROOT
from tests.infra.queries import ALERTS, DASHBOARD, PANELS, mistakes, named
from tests.infra.ray_metrics import OF_GPUS

SCRAPES = yaml.safe_load((ROOT / "infra/prometheus/prometheus.yaml").read_text("utf-8"))


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"].replace(" ", "-"))
def test_queries_of_a_panel_name_only_metrics_and_labels_that_there_are(panel):
    for target in panel["targets"]:
        assert mistakes(target["expr"], re.findall(r"{{(\w+)}}", target["legendFormat"])) == []


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_names_only_metrics_and_labels_that_there_are(rule):
    told = " ".join(rule["annotations"].values())
    assert mistakes(rule["expr"], re.findall(r"\$labels\.(\w+)", told)) == []
    assert set(rule["annotations"]) == {"summary", "cure"} and rule["labels"]["severity"] in ("critical", "warning")


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("asd_clips_total", "there is no metric asd_clips_total"),
        ("ray_asd_machines", "there is no metric ray_asd_machines"),
        ('asd_machines{machine="00"}', "asd_machines has no label machine"),
        ("sum by (tier) (asd_shards_left)", "asd_shards_left has no label tier"),
        ("sum(asd_machines)", "tier is no label of the result"),
    ],
)
def test_a_query_that_names_what_is_not_there_is_found_out(query, mistake):
    assert mistake in mistakes(query, ["tier"])


def test_a_query_that_prometheus_cannot_parse_is_found_out():
    with pytest.raises(ValueError, match="parenthesis"):
        named("sum by (rate(asd_clips_decoded_total[5m])")


def test_the_variable_of_the_dashboard_is_a_label_of_a_metric():
    (recipe,) = [one for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", recipe["query"]["query"]).groups()
    assert label == recipe["name"] and mistakes(metric, [label]) == []


def test_the_dashboard_has_a_row_for_each_question_and_no_two_panels_in_one_place():
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    for word in ("Night", "Throughput", "Errors", "Alarms", "Language model", "Ray"):
        assert any(word in title for title in rows)
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(ids)) == len(ids) and len(set(cells)) == len(cells) and {x for x, _ in cells} == set(range(24))


def test_every_panel_asks_the_prometheus_that_is_chosen():
    for panel in PANELS:
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


def test_prometheus_reads_the_alerts_the_files_of_metrics_and_rays_own_list_of_agents():
    assert SCRAPES["rule_files"] == ["alerts.yaml"]
    assert {job["job_name"] for job in SCRAPES["scrape_configs"]} == {"node", "ray"}
    (files,) = [job["file_sd_configs"] for job in SCRAPES["scrape_configs"] if job["job_name"] == "ray"]
    from ray._private.ray_constants import PROMETHEUS_SERVICE_DISCOVERY_FILE

    assert files == [{"files": [f"/tmp/ray/{PROMETHEUS_SERVICE_DISCOVERY_FILE}"]}]
    assert METRICS_VARIABLE == "ASD_METRICS_FILE"


def test_gpus_are_named_as_rays_agent_names_them():
    from ray.dashboard.modules.reporter.reporter_agent import GPU_TAG_KEYS, METRICS_GAUGES

    for name, labels in OF_GPUS.items():
        assert name.removeprefix("ray_") in METRICS_GAUGES and labels <= set(GPU_TAG_KEYS)
