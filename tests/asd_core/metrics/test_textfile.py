import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from asd_core.errors import UsageError
from asd_core.metrics.recorder import Counts
from asd_core.metrics.textfile import add_to_file, check_place, merged, read_metrics


def run(scored, key="fleet-1", command="nightly", **gauges):
    counts = Counts(command, "fleet", key)
    counts.add("asd_clips_scored_total", scored)
    for name, value in gauges.items():
        counts.set(name, value)
    return counts.values()


def named(values):
    return {(name, dict(labels)["command"], dict(labels)["key"]): value for (name, labels), value in values.items()}


def test_counters_go_on_gauges_are_replaced_and_other_runs_stay(tmp_path):
    path = tmp_path / "asd.prom"
    add_to_file(path, run(7, asd_last_run_seconds=20))
    add_to_file(path, run(1, command="fit"))
    add_to_file(path, run(8, asd_last_run_seconds=10))
    assert named(read_metrics(path)) == {
        ("asd_clips_scored_total", "nightly", "fleet-1"): 15,
        ("asd_last_run_seconds", "nightly", "fleet-1"): 10,
        ("asd_clips_scored_total", "fit", "fleet-1"): 1,
    }


def test_the_last_success_outlives_a_run_that_fails():
    before = run(7, asd_last_success_timestamp_seconds=100, asd_last_run_success=1)
    after = named(merged(before, run(0, asd_last_run_success=0)))
    assert after["asd_last_success_timestamp_seconds", "nightly", "fleet-1"] == 100
    assert after["asd_last_run_success", "nightly", "fleet-1"] == 0


def test_a_failure_before_the_recipe_was_known_goes_with_the_next_run_that_knows_it():
    failed = merged(run(7), run(0, key="", asd_last_run_success=0))
    assert ("asd_last_run_success", "nightly", "") in named(failed)
    assert {key for _, _, key in named(merged(failed, run(1)))} == {"fleet-1"}
    assert {key for _, _, key in named(merged(failed, run(1, command="fit")))} == {"", "fleet-1"}


def test_the_file_is_whole_may_be_read_by_the_collector_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "asd.prom"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: add_to_file(path, run(1)), range(40)))
    assert list(read_metrics(path).values()) == [40]
    assert list(tmp_path.iterdir()) == [path] and stat.S_IMODE(path.stat().st_mode) == 0o644


def test_another_file_is_never_written_over(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("do not lose me")
    for refused in (lambda: check_place(path), lambda: add_to_file(path, run(1))):
        with pytest.raises(UsageError, match=r"notes.txt is no file of metrics of asd .*name another"):
            refused()
    assert path.read_text() == "do not lose me"


@pytest.mark.parametrize(("name", "told"), [("gone/asd.prom", "is not there: make it"), ("", "no regular file")])
def test_a_place_that_cannot_be_is_told_before_the_work(tmp_path, name, told):
    with pytest.raises(UsageError, match=told):
        check_place(tmp_path / name)


def test_bytes_that_are_no_text_are_another_file(tmp_path):
    (tmp_path / "clip.wav").write_bytes(b"RIFF\xff\xfe")
    with pytest.raises(UsageError, match="no file of metrics of asd"):
        check_place(tmp_path / "clip.wav")
