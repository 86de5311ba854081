"""An option wins over a variable, a variable over asd.toml, and asd.toml over the built-in default."""

import pytest

from tests.command import asd
from tests.fleet import NIGHTS, write_fleet


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to work in, with a fleet of one fan."""
    write_fleet(tmp_path / "recordings", machines=["00"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(place, text):
    (place / "asd.toml").write_text(text)


def fit(*options):
    said = asd("fit", "recordings", "--until", NIGHTS[1], "--local", "--json", *options)
    assert said.code == 0, said.err
    return said.json["key"], said.err.splitlines()[0]


def test_a_file_in_the_current_folder_gives_store_and_recipe_and_each_is_said_once(place):
    written(place, 'store = "kept"\nrecipe = "twfr-knn"\n')
    key, said = fit()
    assert key.startswith("twfr-knn-") and (place / "kept/runs").is_dir()
    assert said == "recipe twfr-knn, store kept (from asd.toml)"
    assert asd("nightly", "recordings", "--local", "--json").json["scored"] == 4
    assert asd("report", "--quiet").err == ""


def test_variables_win_over_the_file_and_options_over_both(place, monkeypatch):
    written(place, 'store = "kept"\nrecipe = "twfr-knn"\n')
    monkeypatch.setenv("ASD_RECIPE", "twfr-density-knn")
    key, said = fit()
    assert key.startswith("twfr-density-knn-") and "recipe twfr-density-knn (from ASD_RECIPE)" in said
    monkeypatch.setenv("ASD_STORE", "elsewhere")
    key, said = fit("--recipe", "twfr-gmm")
    assert key.startswith("twfr-gmm-") and said == "store elsewhere (from ASD_STORE)"
    assert (place / "elsewhere/runs").is_dir()
    _, said = fit("--recipe", "twfr-gmm", "--store", "third")
    assert "from" not in said


def test_the_file_beside_the_store_that_is_named_is_found_from_anywhere(place, monkeypatch):
    (place / "mine.toml").write_text("[detector]\nkind = 'memory_bank'\n")
    written(place, 'store = "other"\nrecipe = "mine.toml"\n')
    (place / "away").mkdir()
    monkeypatch.chdir(place / "away")
    said = asd("fit", place / "recordings", "--until", NIGHTS[1], "--local", "--store", place / "store")
    assert said.code == 0 and f"recipe {place}/mine.toml (from asd.toml)" in said.err
    monkeypatch.setenv("ASD_STORE", str(place / "store"))
    assert asd("score", place / "recordings", "--local", "--json").json["key"].startswith("mine-")


def test_the_file_of_metrics_may_stand_there_and_lies_beside_it(place, monkeypatch):
    written(place, 'store = "kept"\nrecipe = "twfr-knn"\nmetrics-file = "asd.prom"\n')
    (place / "away").mkdir()
    monkeypatch.chdir(place / "away")
    said = asd("fit", place / "recordings", "--until", NIGHTS[1], "--local", "--store", place / "kept")
    assert said.code == 0 and "metrics-file" in said.err
    assert 'command="fit",recipe="twfr-knn"' in (place / "asd.prom").read_text()


def test_options_of_archive_and_engine_may_stand_there_and_hold_for_every_command_that_has_them(place):
    written(place, 'store = "store"\nrecipe = "twfr-knn"\nlocal = true\nchannel = 0\ncpus_per_worker = 1\n')
    for command in ("fit", "nightly"):
        until = ["--until", NIGHTS[1]] if command == "fit" else []
        assert asd(command, "recordings", *until).code == 0
    said = asd("report", "--json")
    assert said.code == 0 and "recipe twfr-knn, channel 0, store store (from asd.toml)" in said.err


@pytest.mark.parametrize("written_as", ['"12:00"', "12:00:00"])
def test_the_end_of_a_night_may_be_a_text_or_a_time(place, written_as):
    written(place, f'store = "kept"\nrecipe = "twfr-knn"\nnight-ends = {written_as}\n')
    assert "night-ends 12:00" in fit()[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('stor = "x"', "asd.toml has no key 'stor'; did you mean 'store'?"),
        ('llm-base-url = "http://somewhere"', "asd.toml has no key 'llm-base-url'"),
        ("set = 'detector.k=2'", "asd.toml has no key 'set'"),
        ("store = ['a']", "asd.toml: store must be one text or number, got ['a']"),
        ("local = 'yes'", "asd.toml: local must be true or false, got 'yes'"),
        ("channel = 'left'", "'left' is not a valid integer range. (asd.toml has it)"),
        ("store = ", "cannot read the defaults in asd.toml: "),
        ("store = " + "[" * 2000, "cannot read the defaults in asd.toml: its values are nested too deep"),
        ('store = "a\\u0000b"', "asd.toml: store = 'a\\x00b' holds a NUL character"),
        ("recipe = 'twfr-knnn'", "did you mean 'twfr-knn'?"),
    ],
)
def test_what_cannot_be_is_one_line_that_names_the_file(place, text, message):
    written(place, text)
    said = asd("fit", "recordings", "--store", "s", *(["--recipe", "twfr-knn"] if "recipe" not in text else []))
    assert (said.code, said.out, said.err.count("Error: ")) == (2, "", 1) and message in said.err
    assert not (place / "s").exists()


def test_a_file_with_a_mark_of_its_byte_order_is_read(place):
    (place / "asd.toml").write_bytes('\ufeffstore = "kept"\nrecipe = "twfr-knn"\n'.encode())
    assert fit()[0].startswith("twfr-knn-")


def test_a_command_that_names_no_recipe_takes_fleet_and_says_so(place):
    assert "[env var: ASD_RECIPE; default: fleet]" in " ".join(asd("fit", "--help").out.split())
    key, said = fit("--store", "store")
    assert key.startswith("fleet-") and said == "recipe fleet (by default)"
    night = asd("nightly", "recordings", "--store", "store", "--local", "--json")
    assert (night.json["key"], night.json["scored"]) == (key, 4)


def test_without_any_default_the_option_and_its_variable_are_named(place):
    said = asd("report", "--recipe", "twfr-knn")
    assert said.code == 2 and "Missing option '--store' (env var: 'ASD_STORE')" in said.err
    said = asd("report", "--recipe", "twfr-knn", "--store")
    assert said.code == 2 and "requires an argument" in said.err
