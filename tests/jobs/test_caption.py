"""`asd caption` and the captions of `asd nightly`, with measurements as evidence."""

import shutil

import pytest

from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.command import asd
from tests.fleet import NIGHTS, files_of, write_fleet
from tests.jobs.captioned import a_key, nightly, options, run, squealing_plant
from tests.llm_server import LlmServer

KNN = load_recipe("twfr-knn")


@pytest.fixture
def plant(tmp_path):
    return squealing_plant(tmp_path)


def test_nightly_explains_every_flagged_clip_without_a_key_and_shows_it(plant):
    told = nightly(plant)
    assert told["captions"]["asked"] == told["captions"]["captioned"] == told["flagged"] > 0
    rows = Store(LocalFiles(plant[1])).captions(KNN.key()).to_pylist()
    squeal = next(row for row in rows if row["uri"].endswith("/00.wav") and row["machine_id"] == "00")
    page = next((plant[1] / "reports").rglob("date=*/index.html")).read_text()
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


def test_answers_are_as_long_as_the_options_allow(plant):
    nightly(plant, "--no-captions")
    with LlmServer() as llm, a_key():
        asking = ("--llm-base-url", llm.url, "--caption-method", "acoustic", "--llm-max-output-tokens", "77")
        run("caption", plant[1], *asking, "--no-report")
    assert {body["max_tokens"] for body in llm.bodies} == {77}


def test_each_machines_highest_clips_may_be_asked_for(plant):
    nightly(plant, "--no-captions")
    assert run("caption", plant[1], "--top", "2")["asked"] == 4


def test_the_ledger_is_empty_once_captions_are_published(plant):
    nightly(plant)
    with LlmServer() as llm, a_key():
        run("caption", plant[1], "--caption-method", "acoustic", "--llm-base-url", llm.url, "--no-report")
    assert not list((plant[1] / "intents").glob("*")) and not list((plant[1] / "answers").glob("*"))


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
