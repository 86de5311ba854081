import json
import subprocess
import sys

from jobs.console import Talk, counts_text, report_text, too_few_text


def test_json_is_one_line_last_on_stdout_and_all_else_on_stderr(capsys):
    with Talk(as_json=True) as talk:
        talk.say("a remark")
        talk.progress("embedding clips", 1, 2)
        talk.result({"listed": 2}, "text")
    out, err = capsys.readouterr()
    assert json.loads(out) == {"listed": 2} and out.count("\n") == 1
    assert "a remark" in err and "embedding clips: 1 of 2" in err


PRINTS = """
import ctypes, subprocess, sys
from jobs.console import Talk
say = ctypes.CDLL(None).printf
with Talk(as_json=True) as talk:
    say(b"held back by C;")
    subprocess.run([sys.executable, "-c", "print('a worker')"])
    print("a library")
    talk.result({"listed": 2}, "text")
    say(b"later")
"""


def test_what_libraries_and_workers_print_never_reaches_stdout():
    done = subprocess.run([sys.executable, "-c", PRINTS], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"listed": 2}
    assert all(words in done.stderr for words in ("held back by C;", "a worker", "a library", "later"))


def test_quiet_says_only_the_summary(capsys):
    with Talk(quiet=True) as talk:
        talk.say("a remark")
        talk.progress("embedding clips", 2, 2)
        talk.result({}, "the summary")
    assert capsys.readouterr() == ("the summary\n", "")


def test_plain_progress_is_a_line_now_and_then_and_one_at_the_end(capsys):
    with Talk() as talk:
        for done in range(1001):
            talk.progress("embedding clips", done, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["embedding clips: 0 of 1000", "embedding clips: 1000 of 1000"]


def test_counts_are_one_line_with_the_reasons_below():
    counts = {"listed": 93, "scored": 4, "errors": 89, "flagged": 2, "errors_by_reason": {"no_scorer": 89}}
    assert counts_text(counts) == "listed 93, scored 4, errors 89, flagged 2\n  89 no_scorer"


def test_a_report_is_named_and_one_on_s3_with_the_command_that_fetches_it():
    assert report_text("/plant/store/reports/k/date=1/index.html") == "report: /plant/store/reports/k/date=1/index.html"
    assert report_text("s3://plant/store/reports/k/date=1/index.html").splitlines() == [
        "report: s3://plant/store/reports/k/date=1/index.html",
        "  to read it here: aws s3 cp --recursive 's3://plant/store/reports/k/date=1' report",
    ]


def test_machines_with_too_few_normals_are_one_line():
    assert too_few_text({}) == [] and too_few_text({"fan 0": "Too few."}) == ["fan 0: Too few."]
    assert too_few_text({"fan 0": "Too few.", "fan 1": "", "fan 2": ""}) == [
        "fan 0 (2 more machines likewise): Too few."
    ]
