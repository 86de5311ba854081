"""What can be refused without listing the archive is refused before it: an address is not asked."""

import pytest

from asd_core.errors import UsageError
from asd_core.recipe.recipe import load_recipe
from jobs.cheap_checks import check_archive_options, check_date, check_folder, check_normals
from tests.command import asd

KNN = ("--recipe", "twfr-knn", "--store", "STORE")
ASKED = ("--captioner", "llm", "--caption-method", "zero-shot", "--set", "captions.encoder=clap")
NOBODY = "http://127.0.0.1:9"  # nobody listens there: a listing would fail, and with other words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "ARCHIVE", *KNN, "--since", "yesterday"], "'yesterday' is no date"),
        (["fit", "ARCHIVE", *KNN, "--since", "2026-11-02", "--until", "2026-11-01"], "the span ends before it begins"),
        (["fit", "ARCHIVE", *KNN, "--normal-list", "nowhere.txt"], "cannot read --normal-list nowhere.txt"),
        (["fit", "ARCHIVE", *KNN, "--normal-list", "a", "--since", "2026-11-02"], "exclude each other"),
        (["fit", "ARCHIVE", *KNN, "--set", "detector.kk=2"], "has no key 'kk'"),
        (["fit", "ARCHIVE", *KNN, "--pattern", "{machine}"], "unknown field 'machine'"),
        (["fit", "ARCHIVE", *KNN, "--pattern", "{date}/{}", "--layout", "fleet"], "exclude each other"),
        (["fit", "ARCHIVE", "--recipe", "imported-knn", "--store", "STORE"], "leave ARCHIVE out"),
        (["score", "ARCHIVE", *KNN, "--date", "2026-13-01"], "'2026-13-01' is no date"),
        (["score", "ARCHIVE", *KNN, "--local", "--ray-address", "auto"], "exclude each other"),
        (["nightly", "ARCHIVE", *KNN, "--night-ends", "noon"], "'noon' is no time of day: write it as 12:00"),
        (["nightly", *KNN, "--night-ends", "12:00"], "--night-ends is for an ARCHIVE"),
        (["nightly", "ARCHIVE", *KNN, "--date", "christmas"], "'christmas' is no date"),
        (["nightly", "ARCHIVE", *KNN, "--captioner", "llm"], "needs a key: set OPENAI_API_KEY"),
        (["nightly", "ARCHIVE", *KNN, "--captioner", "acoustic", "--llm-model", "x"], "asks no language model"),
        (["nightly", "ARCHIVE", *KNN, "--set", "captions.texts=none.txt", *ASKED], "cannot read the texts in none.txt"),
        (["evaluate", "ARCHIVE", *KNN, "--date", "2026"], "'2026' is no date"),
        (["tune", "ARCHIVE", *KNN, "--space", "SPACE", "--until", "soon"], "'soon' is no date"),
        (["caption", *KNN, "--date", "soon"], "'soon' is no date"),
        (["caption", *KNN, "--captioner", "llm"], "needs a key: set OPENAI_API_KEY"),
        (["report", *KNN, "--date", "soon"], "'soon' is no date"),
        (["backfill-captions", *KNN, "--since", "2026-11-02", "--until", "2026-11-01"], "is after --until"),
        (["backfill-captions", *KNN, "--since", "2026-11-02"], "name the nights by --since and --until"),
    ],
)
def test_a_wrong_option_is_refused_before_the_archive_is_listed(tmp_path, monkeypatch, arguments, message):
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOBODY)
    if "zero-shot" in arguments:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
    (tmp_path / "space.toml").write_text('"detector.k" = { grid = [1, 2] }\n')
    places = {"ARCHIVE": "s3://huge/archive", "STORE": tmp_path / "store", "SPACE": tmp_path / "space.toml"}
    said = asd(*(places.get(word, word) for word in arguments))
    assert (said.code, said.out) == (2, "") and message in said.err, said.err
    assert not (tmp_path / "store").exists()


def test_an_archive_that_is_not_there_is_refused_and_a_manifest_is_left_to_its_reader(tmp_path):
    options = {"archive": str(tmp_path / "none"), "layout": "auto", "pattern": None}
    with pytest.raises(UsageError, match="no such folder, or nothing in it: .*none"):
        check_archive_options(load_recipe("twfr-knn"), options)
    check_archive_options(load_recipe("twfr-knn"), options | {"archive": str(tmp_path / "none.csv")})
    check_archive_options(load_recipe("twfr-knn"), {"recipe_name": "twfr-knn"})


def test_dates_lists_and_folders_that_can_be_are_let_through(tmp_path):
    (tmp_path / "list.txt").write_text("a.wav")
    for date in (None, "undated", "2026-11-19"):
        check_date(date)
    check_normals(None, None, str(tmp_path / "list.txt"))
    check_normals("2026-11-01", "2026-11-01", None)
    check_folder("--out", str(tmp_path / "new"))
    with pytest.raises(UsageError, match="is a file: name a folder"):
        check_folder("--out", str(tmp_path / "list.txt"))
