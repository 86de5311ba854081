import contextlib
import json
import os
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.benchmarks.figures import Figure
from tests.benchmarks.gpu.__main__ import main
from tests.benchmarks.gpu.device import no_gpu, watched
from tests.benchmarks.gpu.items import ITEMS, Item
from tests.benchmarks.gpu.marked_tests import figures
from tests.benchmarks.gpu.run import BUDGET, missing, report, run_all

CHILD = f"61.{os.getpid()}"  # seconds, of this run of the tests alone
PROGRAM = """
import subprocess, sys, time
from pathlib import Path
from tests.benchmarks.figures import Figure
from tests.benchmarks.gpu.run import write_result
name, file = sys.argv[1:]
if name == "slow":
    subprocess.Popen(["sleep", "61.NUMBER"])
    time.sleep(60)
if name == "broken":
    raise RuntimeError("the GPU fell off the bus")
state, why = ("skipped", "faiss sees no GPU") if name == "skipping" else ("done", "")
write_result(Path(file), state, why, [] if why else [Figure(name, "speed", (1.0, 3.0, 2.0), "windows/s", 1.5)])
""".replace("61.NUMBER", CHILD)


def item(seconds=20.0, needs=()):
    return Item(lambda place, say: [], seconds, needs)


def command_lines():
    """Of all processes that live."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield file.read_bytes()


@pytest.fixture(scope="module")
def results():
    items = {name: item() for name in ("good", "skipping", "broken")}
    items |= {"slow": item(3.0), "lacking": item(needs=("nosuch",))}
    return {one.item: one for one in run_all(items, [sys.executable, "-c", PROGRAM], lambda text: None)}


def test_each_item_ends_in_its_own_way_and_none_stops_the_others(results):
    assert {name: one.state for name, one in results.items()} == {
        "good": "done",
        "skipping": "skipped",
        "broken": "failed",
        "slow": "too slow",
        "lacking": "skipped",
    }
    assert results["good"].figures == (Figure("good", "speed", (1.0, 3.0, 2.0), "windows/s", 1.5),)
    assert results["broken"].why == "RuntimeError: the GPU fell off the bus"
    assert results["lacking"].why == "not installed: nosuch"


def test_an_item_that_takes_too_long_ends_with_all_that_it_started(results):
    assert results["slow"].seconds < 20
    end = time.monotonic() + 20
    while f"sleep\0{CHILD}\0".encode() in list(command_lines()) and time.monotonic() < end:
        time.sleep(0.05)
    assert f"sleep\0{CHILD}\0".encode() not in list(command_lines())


def test_the_table_names_every_item(results):
    lines = report(list(results.values())).splitlines()
    assert "| good | speed, windows/s | 2 | 1 | 3 | at least 1.5 | met |" in lines
    assert "| slow | ended after 3 s | | | | | too slow |" in lines
    assert "| skipping | faiss sees no GPU | | | | | skipped |" in lines
    assert len(lines) == 2 + 5


def test_what_the_budget_does_not_reach_is_said():
    start = time.monotonic()
    (result,) = run_all({"good": item()}, [sys.executable, "-c", PROGRAM], lambda text: None, budget=0.5)
    assert (result.state, result.why) == ("skipped", "no time left of 0 s") and time.monotonic() - start < 1


def test_all_limits_together_are_under_nine_minutes():
    assert sum(one.seconds for one in ITEMS.values()) <= BUDGET < 9 * 60
    assert missing(["json", "no_such_module"]) == ["no_such_module"]


@pytest.mark.skipif(not no_gpu(), reason="there is a GPU")
def test_without_a_gpu_nothing_is_run_and_one_line_says_so(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("make gpu: nothing is run, because torch can use no GPU here (") and out.count("\n") == 1
    assert err == "" and not list(tmp_path.iterdir())


def test_a_dry_run_goes_the_same_way_on_a_cpu(capsys, tmp_path):
    assert main(["--dry", "--only", "faiss", "--out", str(tmp_path / "gpu.json")]) == 0
    (result,) = json.loads((tmp_path / "gpu.json").read_text())["results"]
    assert result["state"] == "done" and "| faiss | one CPU thread ÷ GPU: 1,400 rows" in capsys.readouterr().out


def test_counts_of_marked_tests_come_from_pytests_own_report():
    cases = '<testcase name="a"/><testcase name="b"><failure/></testcase><testcase name="c"><skipped/></testcase>'
    found = figures(ElementTree.fromstring(f"<testsuites><testsuite>{cases}</testsuite></testsuites>"))
    assert [one.values for one in found] == [(1.0,), (1.0,), (1.0,), (1.0,)]
    assert found[2].verdict == "MISSED" and found[3].name == "failed: b"


def test_how_busy_a_gpu_is_is_unknown_where_nobody_tells():
    with watched() as busy:
        pass
    assert busy.share != busy.share or 0 <= busy.share <= 1
