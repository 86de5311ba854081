"""docs/environment.md has every variable that is read and every key of `--json`."""

import re

import pytest

from jobs.main import _COMMANDS
from tests.command import asd
from tests.docs.blocks import ROOT
from tests.docs.workspace import FIT_NIGHTS
from tests.message_receiver import MessageReceiver

TEXT = (ROOT / "docs" / "environment.md").read_text("utf-8")
GMM = ("--recipe", "twfr-gmm", "--store", "store")
KNN = ("--recipe", "twfr-knn", "--store", "json-store", "--local")
ONE_STEP = ("--set", "training.steps=1", "--set", "training.batch_size=4")
TINY = ("--set", "generator.size=tiny", "--set", "generator.weights=random", "--set", "generator.candidates=1")
QUICK = ("--set", "generator.trains=nothing", "--set", "generator.ddim_steps=1", "--set", "generator.clips=1")
SPACE = ("--space", "json-space.toml", "--validation", "simulated", *FIT_NIGHTS)
MADE = ("--generated", "dcase2020/dev_data", "--space", "json-r.toml")
RUNS = {
    "simulate": ["json-fleet", "--nights", "2", "--machines-per-type", "1", "--seconds", "1"],
    "embed": ["plant", "--pattern", "{machine_type}/{machine_id}/{}.wav", *KNN],
    "import-embeddings": ["features", "--encoder", "json", "--store", "json-store"],
    "import-scores": ["scores.parquet", "--system", "stgram", "--as", "json-scores", "--store", "json-store"],
    "pseudo-label": ["dcase2020/dev_data", "--as", "json", *KNN],
    "train": ["recordings", "--recipe", "multires-small", "--as", "json-net", *KNN[2:], *FIT_NIGHTS, *ONE_STEP],
    "synthesize": ["dcase2020/dev_data", "--targets", "fan", "--as", "json", *KNN[2:], *TINY, *QUICK],
    "fit": ["dcase2020/dev_data", *KNN],
    "ensemble": ["a=json-scores", "b=json-others", "--as", "json-both", "--store", "json-store"],
    "score": ["dcase2020/dev_data", *KNN],
    "evaluate": ["dcase2020/dev_data", *KNN],
    "tune": ["recordings", *KNN, *SPACE],
    "first-shot": ["dcase2020/dev_data", "--targets", "fan", "--as", "json-first", *MADE, *KNN[2:]],
    "nightly": ["recordings", *GMM, "--local"],
    "caption": [*GMM, "--local"],
    "backfill-captions": [*GMM, "--local", "--since", "2026-11-14", "--until", "2026-11-15"],
    "alarms": [*GMM],
    "notify": [*GMM, "--notify", "http://localhost:8065/hooks"],
    "label": ["--machine", "fan/00", "--date", "2026-11-15", "--ignore-until", "2026-11-16", *GMM[2:]],
    "maintenance": ["--list", *GMM[2:]],
    "scorers": [*GMM],
    "report": [*GMM],
    "recipes": ["--store", "store"],
    "prune": ["--store", "store", "--older-than", "3650d", "--dry-run"],
    "runs": ["--store", "store", "--limit", "3"],
    "status": ["--store", "store"],
    "ratings": ["ann/ratings.csv", "ben/ratings.csv"],
}

OTHERWISE = {"backfill-captions": {"usd"}, "recipes": {"name", "about", "fields", "machine"}}  # with other arguments


def keys(pattern, text=TEXT):
    """Words of the first cell after a pattern, in the rows that begin with it."""
    cells = re.findall(rf"^\| {pattern}(`.*?`) \|", text, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`(\w+)`", cell)}


SHARED, CAPTIONS = (keys("", TEXT.split(head)[1].split("\n\n")[0]) for head in ("| key |", "| caption key |"))


def own(command):
    return keys(re.escape(f"`asd {command}` | "))


@pytest.mark.parametrize("command", list(RUNS))
def test_the_keys_of_json_are_those_of_the_page(command, workspace, monkeypatch):
    monkeypatch.chdir(workspace)
    (workspace / "json-space.toml").write_text('"detector.k" = { grid = [1, 2] }\n')
    (workspace / "json-r.toml").write_text('"encoder.r" = { grid = [0.9, 1.0] }\n')
    if command == "ensemble":
        for name in ("json-scores", "json-others"):
            asd("import-scores", "scores.parquet", "--as", name, "--store", "json-store")
    with MessageReceiver() as receiver:
        arguments = [receiver.url if one.startswith("http://localhost:8065") else one for one in RUNS[command]]
        said = asd(command, *arguments, "--json")
    assert said.code == 0, said.err
    shared = CAPTIONS | SHARED if "caption" in command else SHARED
    assert set(said.json) - shared == own(command) - OTHERWISE.get(command, set())


def test_standings_have_the_keys_of_the_page(workspace, monkeypatch):
    monkeypatch.chdir(workspace)
    said = asd("evaluate", "--submissions", "teams", "--ground-truth", "dcase2024_task2_evaluator", "--json")
    assert set(said.json) == own("evaluate --submissions")


def test_captions_have_the_keys_of_the_page_and_a_dry_run_its_cost(workspace, monkeypatch):
    monkeypatch.chdir(workspace)
    assert set(asd("nightly", *RUNS["nightly"], "--json").json["captions"]) == CAPTIONS
    dry = asd("backfill-captions", *RUNS["backfill-captions"], "--dry-run", "--json").json
    assert set(dry) - CAPTIONS == own("backfill-captions") == {"usd"}


def test_one_recipe_has_the_keys_of_the_page():
    assert set(asd("recipes", "twfr-knn", "--json").json) == OTHERWISE["recipes"]


def test_every_command_is_run_here_but_the_demo_whose_parts_are_and_the_server_which_does_not_end():
    assert {*RUNS, "demo", "serve"} == set(_COMMANDS)


def test_every_variable_that_the_code_reads_stands_there():
    files = [path for room in ("asd_core", "cluster", "jobs") for path in (ROOT / room).rglob("*.py")]
    source = "".join(path.read_text("utf-8") for path in files)
    read = re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"|(?:KEY|VARIABLE)\w* = "([A-Z_]+)"', source)
    names = {name for pair in read for name in pair if name}
    assert {"RAY_ADDRESS", "ASD_DEBUG", "OPENAI_API_KEY"} <= names
    assert not [name for name in names if f"`{name}`" not in TEXT]
