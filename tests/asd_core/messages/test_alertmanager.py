from datetime import UTC, datetime

import jsonschema
import pytest

from asd_core.messages.alertmanager import MOST_ALERTS, in_requests, machine_alert, merged, night_alert
from asd_core.messages.webhook import About
from tests.asd_core.messages.nights import row

NOW = datetime(2026, 11, 16, 5, 30, tzinfo=UTC)
ABOUT = About("twfr-gmm-1", "2026-11-15", "https://asd.example/r", "nightly-1")
BEGAN = "2026-11-14T05:30:00.000000Z"


def test_an_alert_fires_beyond_the_next_night():
    alert = machine_alert(ABOUT, row("01"), BEGAN, NOW)
    assert (alert["startsAt"], alert["endsAt"]) == (BEGAN, "2026-11-18T07:30:00.000000Z")
    assert alert["labels"] == {
        "alertname": "AsdMachineInAlarm",
        "machine_type": "fan",
        "machine_id": "01",
        "key": "twfr-gmm-1",
    }
    assert alert["annotations"]["summary"] == "fan 01: New alarm." and alert["generatorURL"] == "https://asd.example/r"


def test_an_alert_that_is_over_has_the_same_labels_and_ends_now():
    fires, ended = (machine_alert(ABOUT, row("01"), BEGAN, NOW, is_over=over) for over in (False, True))
    assert ended["labels"] == fires["labels"] and ended["endsAt"] == "2026-11-16T05:30:00.000000Z"


def test_labels_and_annotations_are_texts_whatever_the_names():
    alert = machine_alert(About("key", None), row("\x1b\ud800<b>", p_value=None), BEGAN, NOW)
    values = [*alert["labels"].values(), *alert["annotations"].values()]
    assert all(isinstance(value, str) and value.isprintable() for value in values) and "generatorURL" not in alert


def test_an_alert_of_a_night_ends_by_itself_or_now():
    alert = night_alert(ABOUT, "night_failed", "no archive", NOW)
    assert alert["labels"]["alertname"] == "AsdNightFailed" and alert["endsAt"] > alert["startsAt"]
    over = night_alert(ABOUT, "night_failed", "it is scored", NOW, is_over=True)
    assert over["labels"] == alert["labels"] and over["endsAt"] == alert["startsAt"] and "startsAt" not in over


def test_of_alerts_with_the_same_labels_the_last_one_is_sent():
    one, other = (machine_alert(ABOUT, row("01"), BEGAN, NOW, is_over=over) for over in (False, True))
    assert merged([one, machine_alert(ABOUT, row("02"), BEGAN, NOW), other])[0] == other


def test_many_alerts_are_several_requests():
    alerts = [machine_alert(ABOUT, row(f"{n}"), BEGAN, NOW) for n in range(MOST_ALERTS + 1)]
    assert [len(request) for request in in_requests(alerts)] == [MOST_ALERTS, 1] and in_requests([]) == []


# The definition of a postable alert in https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml, and
# stricter: the fields that it names and no other.
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
RFC3339 = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$"}
POSTABLE = {
    "type": "object",
    "required": ["labels"],
    "additionalProperties": False,
    "properties": {
        "labels": {**TEXTS, "minProperties": 1, "propertyNames": {"pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$"}},
        "annotations": TEXTS,
        "startsAt": RFC3339,
        "endsAt": RFC3339,
        "generatorURL": {"type": "string", "pattern": "^https?://"},
    },
}


@pytest.mark.parametrize("name", ["01", "", "\x00<!channel>", "\udcff", "Räder/µ \u202e"])
@pytest.mark.parametrize("report", [None, "/srv/store/a b/index.html", "s3://plant/r", "https://asd.example/r%20s"])
def test_every_alert_is_one_that_the_api_takes(name, report):
    about = About("twfr-gmm-1", "2026-11-15", report, "nightly-1")
    machines = [machine_alert(about, row(name), BEGAN, NOW, is_over=over) for over in (False, True)]
    nights = [night_alert(about, kind, name, NOW) for kind in ("night_failed", "night_missing", "test")]
    for alert in [*machines, *nights, night_alert(about, "night_missing", name, NOW, is_over=True)]:
        jsonschema.validate(alert, POSTABLE)
        assert alert["labels"]["alertname"].startswith("Asd")
        assert alert.get("startsAt", "") <= alert["endsAt"]
