"""`asd backfill-captions`, with measurements as evidence."""

import shutil
from pathlib import Path

import pytest

import asd_core
from asd_core.captions.texts import PAPER_TEXTS
from asd_core.llm.settings import tokens_of
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.backfill import TYPICAL_ANSWER, typical_prompt
from tests.command import asd
from tests.fleet import NIGHTS, clip_path, files_of, write_fleet
from tests.jobs.captioned import a_key, nightly, options, run, squealing_plant
from tests.llm_server import LlmServer

KNN = load_recipe("twfr-knn")


@pytest.fixture
def plant(tmp_path):
    return squealing_plant(tmp_path)


def test_clips_of_no_night_are_explained_by_a_backfill_that_names_them(plant, tmp_path):
    lines = [f"{clip_path(plant[0], '00', NIGHTS[2], number)},fan,00" for number in range(4)]
    (tmp_path / "list.csv").write_text("\n".join(["path,machine_type,machine_id", *lines]))
    assert asd("score", tmp_path / "list.csv", *options(plant[1])).json["flagged"] > 0
    told = run("backfill-captions", plant[1], "--undated", "--read-audio")
    assert told["captioned"] == told["asked"] > 0


TAGS = ["--captioner", "tags", "--set", "captions.tagger=mn01_as", "--set", "captions.tagger_weights=random"]


def test_classes_of_sound_are_told_of_a_night_and_of_past_ones(plant):
    told = nightly(plant, *TAGS)
    assert told["captions"]["captioned"] == told["captions"]["asked"] > 0
    assert any("random weights" in note for note in told["captions"]["notes"])
    past = ("--since", NIGHTS[0], "--until", NIGHTS[2], *TAGS)
    assert run("backfill-captions", plant[1], *past)["asked"] == 0
    again = run("backfill-captions", plant[1], *past, "--ask-again")
    assert again["captioned"] == again["asked"] == told["captions"]["asked"]
    shown = run("caption", plant[1], "--date", NIGHTS[2], "--ask-again", *TAGS)
    page = Path(shown["report"]).read_text("utf-8")
    assert "Classes of sound" in page and "measured:" in page


def test_classes_of_a_night_are_kept_for_later_where_the_recipe_names_a_network(plant):
    named = TAGS[2:]
    nightly(plant, *named)
    shutil.rmtree(plant[0])
    past = ("--since", NIGHTS[0], "--until", NIGHTS[2])
    told = run("backfill-captions", plant[1], *past, "--captioner", "tags", *named)
    assert told["captioned"] == told["asked"] > 0


def test_weights_that_are_not_there_are_told_before_anything_is_scored(plant, tmp_path):
    wrong = ["--captioner", "tags", "--set", f"captions.tagger_weights={tmp_path / 'none.pt'}"]
    said = asd("nightly", plant[0], *options(plant[1]), *wrong)
    assert said.code == 2 and "there is no file" in said.err
    assert not [path for path in files_of(plant[1]) if path.startswith("scores/")]


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
