from datetime import UTC, datetime

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
