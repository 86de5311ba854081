import json

from asd_core.evaluation.night_figures import MachineNightFigures, NightFigures
from asd_core.evaluation.night_tables import COLUMNS, nights_json, nights_row, nights_text

WELL, ILL = MachineNightFigures(60, 0, 0, 1, None, False), MachineNightFigures(20, 10, 3, 0, 4, False)
NIGHTS = NightFigures({("fan", "00"): WELL, ("fan", "01"): ILL}, 0.1)


def test_text_has_the_rate_beside_that_asked_for_and_the_delay():
    assert list(nights_text(NIGHTS)) == [
        "alarms of nights: 1 false alarm in 80 normal machine-nights, 0.38 per machine-month (asked for: 1.5)",
        "faults: 1 of 1 faulty machines became an alarm (median night 4 of the fault)",
        "nights not decided: 3 (asd alarms says why)",
    ]


def test_json_has_the_same_numbers():
    found = json.loads(json.dumps(nights_json(NIGHTS)))
    assert found["false_alarms_per_machine_month"] == 30 / 80 and found["median_nights_to_alarm"] == 4


def test_a_machine_without_a_night_has_empty_cells():
    assert nights_row(NIGHTS, "fan", "01")["nights_to_alarm"] == 4
    assert nights_row(NIGHTS, "fan", "02") == dict.fromkeys(COLUMNS)
