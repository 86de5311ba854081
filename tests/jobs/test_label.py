import json

import pytest

from tests.command import asd
from tests.fleet import NIGHTS, clip_path, write_fleet
from tests.jobs.options import options

LAST = NIGHTS[2]
NIGHT = ("--machine", "fan/00", "--date", LAST)


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    root = tmp_path_factory.mktemp("label")
    archive = write_fleet(root / "archive")
    assert asd("fit", archive, *options(root), "--until", NIGHTS[1]).code == 0
    assert asd("score", archive, *options(root), "--date", LAST).code == 0
    return archive, root / "store"


@pytest.fixture
def label(plant):
    def run(*arguments):
        return asd("label", "--store", plant[1], *arguments)

    yield run
    for path in (plant[1] / "labels").glob("*"):
        path.unlink()


def test_a_label_is_told_listed_and_taken_back(plant, label):
    said = label(*NIGHT, "--fault", "bearing \x1b[2J", "--by", "Ann", "--json").json
    (row,) = said["labels"]
    assert (said["labelled"], row["answer"], row["labelled_by"], said["left_out"]) == (1, "fault", "Ann", [])
    told = label("--list").out
    assert told.startswith(f"fan 00, {LAST}: fault (bearing \\x1b[2J), by Ann\n") and "\x1b" not in told
    assert label("--list", "--json").json["labels"] == said["labels"]
    assert label(*NIGHT, "--remove").code == 0 and label("--list").out == "0 labels\n"


def test_several_clips_and_machines_are_labelled_at_once(plant, label):
    clips = [clip_path(plant[0], "00", LAST, number) for number in (0, 1)]
    said = label(*clips, *NIGHT, "--machine", "fan/01", "--normal", "--json").json
    assert said["labelled"] == 4 and [row["labelled_by"] for row in said["labels"]] == [None] * 4


def test_what_is_listed_can_be_read_again_and_a_bad_row_is_a_row_with_its_reason(plant, label, tmp_path):
    label(*NIGHT, "--fault", "=1+1")
    listed = label("--list", "--csv").out
    bad = f"{listed}fan,77,{LAST},,normal,,,,\n"
    (tmp_path / "labels.csv").write_text(bad)
    said = label("--from", tmp_path / "labels.csv", "--json").json
    assert said["labels"][0]["words"] == "=1+1" and said["labelled"] == 1
    assert said["left_out"] == [
        {"row": 2, "error": f"no machine 'fan/77' was scored on {LAST}; did you mean 'fan/01'?"}
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*NIGHT], "give one of --normal, --fault"),
        ([*NIGHT, "--normal", "--remove"], "not --normal and --remove"),
        (["--normal"], "name a CLIP, or a machine and its night"),
        (["--normal", "--machine", "fan/00"], "name a CLIP, or a machine and its night"),
        (["/gone.wav", "--normal"], "no clip '/gone.wav' was scored in this store"),
        ([*NIGHT, "--ignore-until", "soon"], "'soon' is no date"),
        ([*NIGHT, "--fault", " "], "a fault needs words"),
        ([*NIGHT, "--normal", "--csv"], "--csv is for --list"),
        (["--list", *NIGHT], "--list takes no CLIP"),
        (["--from", "/gone.csv"], "cannot read /gone.csv"),
    ],
)
def test_what_cannot_be_is_one_line(label, arguments, message):
    said = label(*arguments)
    assert (said.code, said.out, said.err.count("Error: ")) == (2, "", 1)
    assert message in said.err and "Traceback" not in said.err


def test_a_file_of_bad_rows_alone_is_one_line(label, tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"uri": "/gone.wav", "answer": "normal"}))
    said = label("--from", tmp_path / "a.jsonl")
    assert said.code == 2 and "nothing is labelled: row 1: no clip '/gone.wav'" in said.err


def test_a_fit_says_how_many_clips_join_and_leave_by_their_labels(plant, label):
    fit = ["fit", plant[0], "--recipe", "twfr-knn", "--store", plant[1], "--local", "--until", NIGHTS[1]]
    label(*NIGHT, "--normal")
    label("--machine", "fan/01", "--date", NIGHTS[0], "--fault", "hums")
    said = asd(*fit)
    assert "note: 4 clips of fan 00 (4) are labelled normal and are learnt too" in said.err
    assert "note: 4 clips of fan 01 (4) are labelled a fault and are not learnt" in said.err
    assert "fan 00: 12 normal clips (4 by label), threshold" in said.err and "fan 01: 4 normal clips, " in said.err
    assert asd(*fit, "--no-labels", "--json").json["labelled_normal"] == 0
