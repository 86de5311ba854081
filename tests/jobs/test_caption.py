"""`asd caption`, `asd backfill-captions` and the captions of `asd nightly`, with measurements as evidence."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

import asd_core
from asd_core.captions.texts import PAPER_TEXTS
from asd_core.llm.settings import tokens_of
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.backfill import TYPICAL_ANSWER, typical_prompt
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.command import asd
from tests.fleet import NIGHTS, clip_path, files_of, write_fleet
from tests.llm_server import LlmServer

KNN = load_recipe("twfr-knn")


@pytest.fixture
def plant(tmp_path):
    """A fleet of two fans, scorers of its first two nights, and a squeal in the third."""
    archive, store = write_fleet(tmp_path / "archive"), tmp_path / "store"
    squeal = 0.3 * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
    soundfile.write(clip_path(archive, "00", NIGHTS[2], 0), squeal, 16_000)
    assert asd("fit", archive, *options(store), "--since", NIGHTS[0], "--until", NIGHTS[1]).code == 0
    return archive, store


def options(store):
    return ["--recipe", "twfr-knn", "--store", store, "--local", "--json"]


def run(command, store, *more):
    said = asd(command, *options(store), *more)
    assert said.code == 0, said.err
    return said.json


def nightly(plant, *more):
    said = asd("nightly", plant[0], *options(plant[1]), *more)
    assert said.code == 0, said.err
    return said.json


def test_nightly_explains_every_flagged_clip_without_a_key_and_shows_it(plant):
    told = nightly(plant)
    assert told["captions"]["asked"] == told["captions"]["captioned"] == told["flagged"] > 0
    rows = Store(LocalFiles(plant[1])).captions(KNN.key()).to_pylist()
    squeal = next(row for row in rows if row["uri"].endswith("/00.wav") and row["machine_id"] == "00")
    page = next((plant[1] / "reports").rglob("index.html")).read_text()
    assert "a new tone at 1 kHz" in squeal["difference_caption"] and "a new tone at 1 kHz" in page


def test_captions_may_be_left_out_and_made_later(plant):
    assert nightly(plant, "--no-captions")["captions"] is None
    told = run("caption", plant[1])
    assert told["asked"] == told["captioned"] > 0 and told["date"] == NIGHTS[2]
    before = files_of(plant[1])
    assert run("caption", plant[1], "--no-report")["asked"] == 0
    assert files_of(plant[1]) == before


def test_a_lost_caption_keeps_no_later_night_from_its_scores(plant):
    assert nightly(plant)["captions"]["captioned"] > 0
    shutil.rmtree(plant[1] / "captions")
    write_fleet(plant[0], dates=["2026-11-04"])
    assert nightly(plant)["scored"] == 8


@pytest.mark.parametrize("in_the_way", ["intents", "captions"])
def test_a_night_whose_captions_cannot_be_written_has_scores_and_a_report_all_the_same(plant, in_the_way):
    (plant[1] / in_the_way).write_text("a file where a folder belongs")
    with LlmServer() as llm, a_key():
        asking = ("--llm-base-url", llm.url, "--caption-method", "acoustic")
        said = asd("nightly", plant[0], *options(plant[1]), *asking)
    assert said.code == 1 and "the scores are published, the captions are not: " in said.err.splitlines()[-1]
    assert said.json["scored"] == 8 and (plant[1] / said.json["reports"][0]).is_file()


def test_a_night_whose_caption_weights_cannot_be_loaded_is_scored(plant, tmp_path):
    (tmp_path / "cut.pth").write_bytes(b"the first bytes of a download")
    settings = ("captions.encoder=clap", "captions.clap_weights=random", f"captions.weights={tmp_path / 'cut.pth'}")
    with LlmServer() as llm, a_key():
        setting = [word for text in settings for word in ("--set", text)]
        said = asd("nightly", plant[0], *options(plant[1]), *setting, "--llm-base-url", llm.url)
    assert said.code == 1 and said.json["scored"] == 8 and "the scores are published" in said.err


def test_clips_are_explained_anew_when_asked_for(plant):
    nightly(plant)
    changed = ("--set", "captions.k=1", "--no-report")
    assert (left := run("caption", plant[1], *changed))["asked"] == 0 < left["explained"]
    assert "--ask-again" in asd("caption", *options(plant[1])[:-1], *changed).out
    assert run("caption", plant[1], *changed, "--ask-again")["asked"] == left["explained"]
    nights = ("--since", NIGHTS[0], "--until", NIGHTS[2])
    assert run("backfill-captions", plant[1], *nights)["explained"] == left["explained"]
    assert run("backfill-captions", plant[1], *nights, "--ask-again")["asked"] == left["explained"]
    rows = Store(LocalFiles(plant[1])).captions(KNN.key())
    assert {len(uris) for uris in rows["normal_uris"].to_pylist()} == {4}


def test_clips_of_no_night_are_explained_by_a_backfill_that_names_them(plant, tmp_path):
    lines = [f"{clip_path(plant[0], '00', NIGHTS[2], number)},fan,00" for number in range(4)]
    (tmp_path / "list.csv").write_text("\n".join(["path,machine_type,machine_id", *lines]))
    assert asd("score", tmp_path / "list.csv", *options(plant[1])).json["flagged"] > 0
    told = run("backfill-captions", plant[1], "--undated", "--read-audio")
    assert told["captioned"] == told["asked"] > 0


def test_answers_are_as_long_as_the_options_allow(plant):
    nightly(plant, "--no-captions")
    with LlmServer() as llm, a_key():
        asking = ("--llm-base-url", llm.url, "--caption-method", "acoustic", "--llm-max-output-tokens", "77")
        run("caption", plant[1], *asking, "--no-report")
    assert {body["max_tokens"] for body in llm.bodies} == {77}


def test_a_dry_run_reckons_each_machine_type_by_its_own_settings(plant, tmp_path):
    own = tmp_path / "own.toml"
    text = (Path(asd_core.__file__).parent / "recipe/builtin/twfr-knn.toml").read_text()
    own.write_text(text + '\n[captions]\nencoder = "clap"\n[machine.fan]\n"captions.k" = 1\n')
    common = ["--recipe", own, "--store", plant[1], "--local", "--json"]
    assert asd("fit", plant[0], *common, "--until", NIGHTS[1]).code == 0
    assert asd("nightly", plant[0], *common, "--no-captions", "--no-report").code == 0
    nights = ("--since", NIGHTS[0], "--until", NIGHTS[2], "--caption-method", "hybrid", "--dry-run")
    with a_key():
        told = asd("backfill-captions", *common, *nights).json
    each = tokens_of(typical_prompt("hybrid", PAPER_TEXTS, 1)) + TYPICAL_ANSWER
    assert told["tokens"] == told["asked"] * each > 0


def test_a_dry_run_refuses_what_the_run_itself_would_refuse(plant):
    nightly(plant, "--no-captions")
    nights = ("--since", NIGHTS[0], "--until", NIGHTS[2], "--caption-method", "hybrid")
    with a_key():
        refused = [asd("backfill-captions", *options(plant[1]), *nights, *more) for more in ([], ["--dry-run"])]
    assert [said.code for said in refused] == [2, 2] and refused[0].err == refused[1].err


def test_each_machines_highest_clips_may_be_asked_for(plant):
    nightly(plant, "--no-captions")
    assert run("caption", plant[1], "--top", "2")["asked"] == 4


def test_a_backfill_needs_no_archive_where_the_clips_were_measured(plant):
    nightly(plant)
    shutil.rmtree(plant[0])
    told = run("backfill-captions", plant[1], "--since", NIGHTS[0], "--until", NIGHTS[2])
    assert told["asked"] == 0  # the night explained them itself


def test_a_backfill_says_of_which_clips_nothing_is_stored_unless_it_may_read_them(plant):
    nightly(plant, "--no-captions")
    nights = ("--since", NIGHTS[0], "--until", NIGHTS[2])
    told = run("backfill-captions", plant[1], *nights)
    assert told["errors_by_reason"] == {"no_evidence": told["asked"]} and told["asked"] > 0
    told = run("backfill-captions", plant[1], *nights, "--read-audio")
    assert told["captioned"] == told["asked"] > 0


def test_a_dry_run_counts_and_writes_nothing(plant):
    nightly(plant, "--no-captions")
    before = files_of(plant[1])
    told = run("backfill-captions", plant[1], "--since", NIGHTS[0], "--until", NIGHTS[2], "--dry-run")
    assert told["asked"] > 0 and told["tokens"] == 0 and files_of(plant[1]) == before


def test_a_backfill_may_be_limited_to_machines_and_to_so_many_clips(plant):
    nightly(plant, "--no-captions")
    nights = ("--since", NIGHTS[0], "--until", NIGHTS[2], "--dry-run")
    all_of_it = run("backfill-captions", plant[1], *nights)["asked"]
    parts = [run("backfill-captions", plant[1], *nights, "--machine", f"fan/{name}")["asked"] for name in ("00", "01")]
    assert sum(parts) == all_of_it and run("backfill-captions", plant[1], *nights, "--limit", "1")["asked"] == 1


def test_thirty_nights_are_explained_by_a_language_model_without_their_archive_and_once(tmp_path):
    nights = [f"2026-10-{day:02d}" for day in range(1, 31)]
    archive, store = write_fleet(tmp_path / "archive", ("00",), nights, clips=2), tmp_path / "store"
    assert asd("fit", archive, *options(store), "--since", nights[0], "--until", nights[9]).code == 0
    for night in nights:
        assert asd("nightly", archive, *options(store), "--date", night, "--no-report").code == 0
    shutil.rmtree(archive)
    with LlmServer() as llm, a_key():
        asking = ("--llm-base-url", llm.url, "--llm-requests-per-minute", "6000", "--caption-method", "acoustic")
        first = run("backfill-captions", store, "--since", nights[0], "--until", nights[-1], *asking)
        again = run("backfill-captions", store, "--since", nights[0], "--until", nights[-1], *asking)
    assert first["captioned"] == first["asked"] == len(llm.log) > 0 and again["asked"] == 0


@pytest.mark.parametrize("has_batches", [True, False])
def test_a_backfill_by_the_batch_api_collects_every_answer_or_says_that_the_server_has_none(plant, has_batches):
    nightly(plant)
    nights = ("--since", NIGHTS[0], "--until", NIGHTS[2], "--caption-method", "acoustic", "--batch-api")
    with LlmServer(has_batches=has_batches) as llm, a_key():
        said = asd("backfill-captions", *options(plant[1]), *nights, "--llm-base-url", llm.url)
    if has_batches:
        assert said.code == 0 and said.json["captioned"] == said.json["asked"] > 0, said.err
    else:
        assert said.code == 1 and "batch" in said.err.lower() and "Traceback" not in said.err


def test_the_ledger_is_empty_once_captions_are_published(plant):
    nightly(plant)
    with LlmServer() as llm, a_key():
        run("caption", plant[1], "--caption-method", "acoustic", "--llm-base-url", llm.url, "--no-report")
    assert not list((plant[1] / "intents").glob("*")) and not list((plant[1] / "answers").glob("*"))


@contextmanager
def a_key():
    before = os.environ.get("OPENAI_API_KEY")
    os.environ["OPENAI_API_KEY"] = "sk-any"
    try:
        yield
    finally:
        os.environ.pop("OPENAI_API_KEY") if before is None else os.environ.update(OPENAI_API_KEY=before)


@pytest.mark.parametrize(
    ("command", "more", "said"),
    [
        ("caption", ["--captioner", "llm"], "OPENAI_API_KEY"),
        ("caption", ["--caption-method", "hybrid"], "OPENAI_API_KEY"),
        ("caption", ["--caption-method", "hybird"], "hybrid"),
        ("caption", ["--llm-model", "llama3"], "--llm-model needs a key: set OPENAI_API_KEY"),
        ("caption", ["--captioner", "acoustic", "--llm-concurrency", "2"], "leave out --llm-concurrency"),
        ("backfill-captions", ["--since", "2026-11-01"], "--until"),
        ("backfill-captions", ["--since", "2026-11-03", "--until", "2026-11-01"], "exchange them"),
        ("backfill-captions", ["--since", "yesterday", "--until", "2026-11-01"], "'yesterday' is no date"),
    ],
)
def test_wrong_caption_options_are_one_line_and_exit_2(plant, command, more, said):
    nightly(plant, "--no-captions")
    refused = asd(command, *options(plant[1]), *more)
    assert refused.code == 2 and said in refused.err and "Traceback" not in refused.err


def test_a_night_that_was_not_scored_cannot_be_explained(plant):
    refused = asd("caption", *options(plant[1]), "--date", "2020-01-01")
    assert refused.code == 1 and "nothing is scored" in refused.err
