import pytest

from tests.fuzz.recordings import case, containers, decode_all, findings, rows_of, table


def test_mutated_recordings_are_rows_each_time():
    for number in range(3 * len(containers())):
        name, data = case(number, seed=7)
        rows = rows_of(data)
        assert set(rows) == {"beginning", "whole", "segments"} and "no row" not in rows.values(), (number, name)


def test_a_finding_is_a_line_and_the_table_counts_it():
    good = {
        "number": 0,
        "name": "WAV/PCM_16/1",
        "rows": {"beginning": "sound"},
        "fault": None,
        "seconds": 0.1,
        "mib": 90,
    }
    crash = {**good, "number": 1, "rows": {}, "fault": "crash: exit code -11"}
    large = {**good, "number": 2, "seconds": 3.5, "mib": 500, "rows": {"beginning": "no row"}}
    assert list(findings([good, crash, large])) == [
        "case 1 (WAV/PCM_16/1): crash: exit code -11",
        "case 2 (WAV/PCM_16/1): no row, 3.5 s, 500 MiB",
    ]
    assert table([good, crash, large]).splitlines()[-1] == "| all | 3 | 1 | 1 | 1 | 3.50 s | 500 MiB |"


@pytest.mark.slow
def test_a_thousand_mutated_recordings_keep_to_time_and_memory():
    assert list(findings(decode_all(1000, seed=1))) == []
