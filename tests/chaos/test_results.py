"""Rows against those of an unbroken run, and lines that outlive the run."""

from tests.chaos.results import Results, compared, is_bad, tables

ROW = {"number": 0, "job": "fit", "engine": "ray", "place": "s3", "target": "driver KILL", "disturbance": "none"}
ROW |= {"killed": 2, "lost": 0, "twice": 0, "wrong": 0, "hung": 0, "not_counted": 0, "asked_again": 1}
ROW |= {"tracebacks": 0, "code": 0}


def test_rows_that_are_missing_doubled_changed_and_new_are_counted():
    clean = [("a", 1), ("b", 2), ("c", 3)]
    assert compared(clean, clean) == {"lost": 0, "twice": 0, "wrong": 0}
    assert compared(clean, [("a", 1), ("a", 1), ("b", 9), ("z", 0)]) == {"lost": 1, "twice": 1, "wrong": 2}


def test_a_later_run_goes_on_after_the_last_whole_line(tmp_path):
    path = tmp_path / "results.jsonl"
    Results(path).add(ROW)
    with path.open("a") as file:
        file.write('{"number": 1, "jo')
    again = Results(path)
    assert again.rows == [ROW] and again.next_number() == 1
    again.add(ROW | {"number": 1})
    assert [row["number"] for row in Results(path).rows] == [0, 1]


def test_tables_name_every_kind_and_list_the_trials_with_a_fault():
    bad = ROW | {"number": 7, "lost": 1}
    said = tables([ROW, bad])
    assert "| fit | 4 | 4 |" in said and "2 trials, 4 kills, 1 with a fault" in said and "- trial 7:" in said
    assert not is_bad(ROW) and is_bad(ROW | {"code": 1})
