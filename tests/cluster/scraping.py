"""Scraping our metrics from Ray's agents over HTTP, as Prometheus does."""

import time
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from asd_core.metrics.table import METRICS


def samples(nodes):
    """Every sample of a scrape of all nodes."""
    for node in nodes:
        address = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
        text = urllib.request.urlopen(address, timeout=10).read().decode()
        for family in text_string_to_metric_families(text):
            yield from family.samples


def scraped(nodes, **labels):
    """Name and own labels → value of our series with these labels, summed over nodes and over Ray's own labels."""
    found = {}
    for one in samples(nodes):
        metric = METRICS.get(one.name.removeprefix("ray_"))
        if metric is not None and labels.items() <= one.labels.items():
            key = (metric.name, *(one.labels[label] for label in metric.labels))
            found[key] = found.get(key, 0) + one.value
    return found


def until(condition, scrape, seconds=60):
    """The first scrape that a condition holds for."""
    end = time.monotonic() + seconds
    while not condition(found := scrape()) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def assert_agrees(found, counts):
    """Metrics of a night against the counts of its record."""
    assert found["asd_clips_decoded_total",] == counts["decoded"]
    assert found["asd_clips_scored_total",] == counts["scored"]
    assert found.get(("asd_clips_flagged_total",), 0) == counts["flagged"]
    errors = {key[2]: value for key, value in found.items() if key[:2] == ("asd_clip_errors_total", "score")}
    assert errors == counts["errors_by_reason"]
    assert counts["listed"] == found["asd_clips_scored_total",] + sum(errors.values())
    assert found["asd_nights_total",] == 1
    assert found["asd_encode_seconds_total", "cpu"] > 0 and found["asd_shards_left",] == 0
