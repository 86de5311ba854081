import pytest
from prometheus_client.parser import text_string_to_metric_families

from asd_core.metrics.table import RUN_LABELS
from jobs.run_log import RunLog
from jobs.run_metrics import RunMetrics, latest_night
from tests.command import asd
from tests.fleet import NIGHTS, clip_path, write_fleet
from tests.jobs.captioned import a_key
from tests.llm_server import LlmServer


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """A fleet of two fans with a broken clip, scorers of its first two nights, and a file of metrics."""
    folder = tmp_path_factory.mktemp("plant")
    archive = write_fleet(folder / "archive")
    clip_path(archive, "00", NIGHTS[2], 0).write_bytes(b"")
    assert run("fit", folder, archive, "--since", NIGHTS[0], "--until", NIGHTS[1]).code == 0
    return folder


def run(command, folder, *more, recipe="twfr-knn"):
    options = ("--recipe", recipe, "--store", folder / "store", "--local", "--json")
    return asd(command, *more, *options, "--metrics-file", folder / "asd.prom")


def metrics(folder, command="nightly"):
    """Name and own labels → value of a command's series, as the client of Prometheus reads them."""
    return {
        (one.name, *(value for label, value in sorted(one.labels.items()) if label not in RUN_LABELS)): one.value
        for family in text_string_to_metric_families((folder / "asd.prom").read_text())
        for one in family.samples
        if one.labels["command"] == command
    }


def test_a_file_says_what_the_run_says_and_a_second_run_counts_nothing_twice(plant):
    before = metrics(plant, "fit")
    for times in (1, 2):
        said = run("nightly", plant, plant / "archive").json
        found = metrics(plant)
        for name in ("listed", "scored", "errors", "flagged"):
            assert found[f"asd_last_run_{name}",] == said[name]
        assert found["asd_clips_scored_total",] == 7 and found["asd_nights_total",] == 1
        assert found["asd_clip_errors_total", "empty", "score"] == 1
        assert found["asd_runs_total", "complete"] == times
        assert sum(value for key, value in found.items() if key[0] == "asd_machines") == 2
        assert found["asd_last_night_timestamp_seconds",] == latest_night([NIGHTS[2]])
        assert found["asd_last_success_timestamp_seconds",] == found["asd_last_run_timestamp_seconds",]
    assert metrics(plant, "fit") == before and before["asd_clips_decoded_total",] == 16


def test_a_run_that_fails_is_told_and_the_last_success_stays(plant):
    run("nightly", plant, plant / "archive")
    before = metrics(plant)
    said = run("nightly", plant, plant / "archive", "--date", NIGHTS[2], "--max-error-rate", "0.01")
    found = metrics(plant)
    assert said.code == 1 and found["asd_last_run_success",] == 0
    assert found["asd_runs_total", "failed"] == 1
    for name in ("asd_last_success_timestamp_seconds", "asd_last_run_listed", "asd_last_night_timestamp_seconds"):
        assert found[name,] == before[name,]
    assert run("nightly", plant, plant / "archive", "--date", "no-date").code == 2
    assert metrics(plant)["asd_runs_total", "failed"] == 2


@pytest.mark.parametrize("by", [(), ("--batch-api",)], ids=["one-by-one", "batch"])
def test_what_a_language_model_is_asked_and_costs_is_that_of_the_run(plant, by):
    run("nightly", plant, plant / "archive")
    command, which = "caption", ("--date", NIGHTS[2])
    if by:
        command, which = "backfill-captions", ("--since", NIGHTS[2], "--until", NIGHTS[2])
    with LlmServer(has_batches=True) as llm, a_key():
        prices = ("--llm-usd-per-million-input", "2", "--llm-usd-per-million-output", "8")
        asking = ("--top", "1", "--ask-again", "--llm-base-url", llm.url, "--llm-model", command, *prices, *by)
        said = run(command, plant, *which, *asking)
        assert said.code == 0, said.err
        asked = len(llm.log) if not by else said.json["asked"]
    found = metrics(plant, command)
    tokens = found["asd_llm_tokens_total", "input"], found["asd_llm_tokens_total", "output"]
    assert found["asd_llm_attempts_total", "answered"] == asked and sum(tokens) == said.json["tokens"] > 0
    assert found["asd_llm_requests_total",] == said.json["asked"] == 2
    assert found["asd_llm_usd_total",] == pytest.approx((2 * tokens[0] + 8 * tokens[1]) / 1e6)
    assert (("asd_llm_limit_peak_ratio",) in found) is not bool(by)


def test_a_recipe_that_is_not_there_is_told_without_a_key(plant):
    assert run("score", plant, plant / "archive", recipe="gone").code == 2
    assert metrics(plant, "score")["asd_last_run_success",] == 0


def test_a_place_that_cannot_be_is_refused_before_anything_is_done(tmp_path):
    (tmp_path / "asd.prom").write_text("notes")
    said = run("fit", tmp_path, tmp_path)
    assert said.code == 2 and "no file of metrics" in said.err and not (tmp_path / "store").exists()


def test_a_file_that_cannot_be_written_at_the_end_fails_nothing(tmp_path, capsys):
    folder = tmp_path / "folder"
    folder.mkdir()
    with RunMetrics("nightly", "fleet", str(folder / "asd.prom"), RunLog()):
        folder.rmdir()
    assert "the metrics could not be written to" in capsys.readouterr().err


@pytest.mark.parametrize(("error", "outcome"), [(KeyboardInterrupt, "interrupted"), (MemoryError, "failed")])
def test_however_a_run_ends_it_is_counted(tmp_path, error, outcome):
    with pytest.raises(error), RunMetrics("fit", "/a/mine.toml", str(tmp_path / "asd.prom"), RunLog()):
        raise error
    found = metrics(tmp_path, "fit")
    assert found["asd_runs_total", outcome] == 1 and ("asd_last_success_timestamp_seconds",) not in found
    assert 'recipe="mine"' in (tmp_path / "asd.prom").read_text()


def test_the_latest_night_is_the_latest_date_there_is():
    assert latest_night(["1970-01-03", "1970-01-02", "undated", ""]) == 2 * 86400
    assert latest_night(["undated"]) is None
