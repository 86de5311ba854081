import json
import time
from pathlib import Path

import pytest

from asd_core.clips.archive import list_archive
from asd_core.recipe.recipe import load_recipe
from asd_core.store.addresses import open_files
from asd_core.store.store import open_store
from tests.asd_core.tuning.gather.recordings import write_machines
from tests.cluster.kills import Command
from tests.cluster.searchers import rows_in
from tests.command import asd
from tests.fleet import files_of
from tests.hearing import write_heard

SPACE = '"encoder.r" = { grid = [0.5, 0.9, 1.0] }\n"detector.k" = { grid = [1, 2, 4] }\n'


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dcase")
    write_machines(folder, {"fan": ["00", "01"], "valve": ["00"]})
    return folder


@pytest.fixture
def space(tmp_path):
    path = tmp_path / "space.toml"
    path.write_text(SPACE)
    return path


def line(tmp_path, archive, space, *more, recipe="twfr-knn"):
    return ["tune", archive, "--recipe", recipe, "--space", space, "--store", tmp_path / "store", "--json", *more]


def test_the_best_settings_are_a_recipe_that_fit_takes(tmp_path, archive, space):
    said = asd(*line(tmp_path, archive, space, "--local", "--out", tmp_path / "tuned.toml"))
    assert said.code == 0, said.err
    assert said.json["settings"] == 9 and said.json["evaluated"] == 27 and said.json["objective"] == "auc"
    assert set(said.json["best"]) == {"fan", "valve"} and said.json["seconds"] > 0
    recipe = load_recipe(str(tmp_path / "tuned.toml"))
    for kind, best in said.json["best"].items():
        assert json.loads(recipe.for_machine(kind).encoder.options)["r"] == best["setting"]["encoder.r"]
        assert recipe.for_machine(kind).detector.k == best["setting"]["detector.k"]
    fitted = asd(
        "fit", archive, "--recipe", tmp_path / "tuned.toml", "--store", tmp_path / "store", "--local", "--json"
    )
    assert (fitted.code, fitted.json["fitted"]) == (0, 3)


def test_the_same_command_again_does_nothing(tmp_path, archive, space):
    first = asd(*line(tmp_path, archive, space, "--local"))
    before = files_of(tmp_path / "store")
    again = asd(*line(tmp_path, archive, space, "--local"))
    assert (again.code, again.json["evaluated"], again.json["already_complete"]) == (0, 0, True)
    assert again.json["best"] == first.json["best"] and "complete already" in again.err
    assert files_of(tmp_path / "store") == before


def test_a_complete_search_is_told_alike_and_needs_no_engine(tmp_path, archive, space):
    words = [word for word in line(tmp_path, archive, space) if word != "--json"]
    first = asd(*words, "--local").out.splitlines()
    again = asd(*words, "--ray-address", "127.0.0.1:1")  # where nobody listens
    assert again.code == 0 and "Ray" not in again.err, again.err
    assert again.out.splitlines()[1:] == first[1:] and "encoder.r" in first[1]


def test_for_people_it_is_a_line_a_choice(tmp_path, archive, space):
    said = asd(*[word for word in line(tmp_path, archive, space, "--local", "--per", "global") if word != "--json"])
    lines = said.out.splitlines()
    assert lines[0] == "9 settings for 3 machines, 27 evaluated now"
    assert lines[1].startswith("all machines: encoder.r = ") and "cannot be told from it" in lines[1]
    assert lines[2].startswith("report: ") and lines[2].endswith("index.html")


def test_each_machine_can_have_a_recipe_of_its_own(tmp_path, archive, space):
    said = asd(*line(tmp_path, archive, space, "--local", "--per", "machine", "--out", tmp_path / "tuned"))
    assert said.code == 0, said.err
    assert sorted(path.name for path in (tmp_path / "tuned").iterdir()) == [
        "fan-00.toml",
        "fan-01.toml",
        "valve-00.toml",
    ]
    best = said.json["best"]["fan 01"]["setting"]
    assert load_recipe(str(tmp_path / "tuned/fan-01.toml")).for_machine("fan").detector.k == best["detector.k"]


@pytest.mark.parametrize("search", [("random", "--settings", 5), ("tpe", "--settings", 5)])
def test_random_and_tpe_try_as_many_settings_as_they_are_told(tmp_path, archive, space, search):
    said = asd(*line(tmp_path, archive, space, "--local", "--search", *search, "--objective", "twfr-sum"))
    assert (said.code, said.json["settings"], said.json["evaluated"]) == (0, 5, 15), said.err
    assert said.json["objective"] == "twfr-sum" and said.json["best"]["fan"]["value"] > 1


def test_a_space_that_holds_fewer_settings_is_tried_whole_and_that_is_said(tmp_path, archive, space):
    for search in ("random", "tpe"):
        said = asd(*line(tmp_path, archive, space, "--local", "--search", search, "--settings", 50))
        assert (said.code, said.json["settings"]) == (0, 9), said.err
        assert said.err.count("the space holds 9 settings, fewer than --settings 50: all of them are tried") == 1


def test_settings_that_fail_are_counted_for_people_too(tmp_path, archive):
    space = tmp_path / "space.toml"
    space.write_text('"encoder.f_min" = { grid = [0, 7000] }\n"encoder.f_max" = { grid = [6000, 8000] }\n')
    said = asd(*[word for word in line(tmp_path, archive, space, "--local") if word != "--json"])
    assert said.code == 0, said.err
    assert said.out.splitlines()[0].endswith(", 2 failed (the report says why)")


@pytest.mark.parametrize("folder", ["{bucket}/tuned", "file://{folder}/tuned"])
def test_recipes_are_written_to_an_address_too(tmp_path, archive, space, bucket, folder):
    folder = folder.format(bucket=bucket, folder=tmp_path)
    said = asd(*line(tmp_path, archive, space, "--local", "--out", f"{folder}/best.toml"))
    assert said.code == 0 and "wrote " in said.err, said.err
    said = asd(*line(tmp_path, archive, space, "--local", "--per", "machine", "--out", folder))
    names = [info.path for info in open_files(folder).list()]
    assert (said.code, names) == (0, ["best.toml", "fan-00.toml", "fan-01.toml", "valve-00.toml"]), said.err
    assert b"[machine.fan" in open_files(folder).read("best.toml")


def test_simulated_anomalies_serve_where_no_clip_is_labelled(tmp_path, archive, space):
    said = asd(*line(tmp_path, archive, space, "--local", "--validation", "simulated"))
    assert said.code == 0, said.err
    assert said.json["best"]["fan"]["value"] > 0.5


def test_generated_clips_serve_too_and_machines_without_any_are_named(tmp_path, archive, space):
    (tmp_path / "generated/fan").mkdir(parents=True)
    (tmp_path / "generated/fan/test").symlink_to(archive / "fan/test")
    generated = ("--validation", "generated", "--generated", tmp_path / "generated")
    said = asd(*line(tmp_path, archive, space, "--local", *generated))
    assert (said.code, said.json["machines"], list(said.json["best"])) == (0, 2, ["fan"]), said.err
    assert "valve 00 left out: 0 normal and 0 anomalous generated clips" in said.err


def test_a_folder_of_generated_clips_is_named_by_itself_and_their_steps_stand_in_record_and_page(tmp_path, archive):
    words = ["tune", archive, "--recipe", "fs-twfr-gmm", "--space", tmp_path / "r.toml", "--objective", "twfr-sum"]
    (tmp_path / "r.toml").write_text('"encoder.r" = { grid = [0.5, 1.0, 1.05] }\n')
    found = {}
    for option in ((), ("--keep-silence",)):
        said = asd(*words, "--validation", archive, "--store", tmp_path / "store", "--local", "--json", *option)
        assert said.code == 0, said.err
        record = open_store(str(tmp_path / "store")).run(said.json["run_id"])
        page = (tmp_path / "store" / record["page"]).read_text()
        found[option] = record["generated_clips"]["silence"]
        assert record["order"]["validation"] == "generated" and f"silence {found[option]}" in page
    assert list(found.values()) == ["cut out", "kept"]


def test_a_recipe_without_a_space_of_its_own_needs_one(tmp_path, archive):
    said = asd("tune", archive, "--recipe", "twfr-knn", "--store", tmp_path / "store", "--local")
    assert said.code == 2 and "--space FILE is missing: recipe twfr-knn has no space of its own" in said.err


def test_generated_clips_lie_as_those_of_the_archive_do_and_strays_are_rows(tmp_path, archive, space):
    for link, target in (("own/fan", "fan"), ("generated/fan/test", "fan/test"), ("generated/valve", "valve")):
        (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / link).symlink_to(archive / target)
    pattern = "{machine_id}/{split}/{machine_type}_{}_{domain}_{}_{condition}_{}_{}.wav"
    generated = ("--validation", "generated", "--generated", tmp_path / "generated", "--pattern", pattern)
    said = asd(*line(tmp_path, tmp_path / "own", space, "--local", *generated))
    assert (said.code, said.json["machines"], list(said.json["best"])) == (0, 1, ["section"]), said.err
    record = open_store(str(tmp_path / "store")).run(said.json["run_id"])
    assert record["counts"]["clips_left_out_by_reason"] == {"no_machine": 48}


def test_generated_clips_may_be_a_manifest_whatever_the_layout_of_the_archive(tmp_path, archive, space):
    rows = [
        f"{path},fan,00,{'anomalous' if 'anomaly' in path.name else 'normal'}"
        for path in sorted((archive / "fan/test").glob("section_00_*.wav"))
    ]
    (tmp_path / "generated.csv").write_text("\n".join(["uri,machine_type,machine_id,condition", *rows]))
    generated = ("--validation", "generated", "--generated", tmp_path / "generated.csv", "--layout", "dcase")
    said = asd(*line(tmp_path, archive, space, "--local", *generated))
    assert (said.code, said.json["machines"]) == (0, 1), said.err


@pytest.mark.parametrize(
    ("text", "more", "message"),
    [
        ('"detector.kk" = { grid = [1] }', (), "no field 'detector.kk'; did you mean 'detector.k'?"),
        ('"detector.k" = { grid = [] }', (), "detector.k: grid is empty"),
        ('"encoder.r" = { low = 1.0, high = 0.5 }', (), "so the range is empty"),
        ('"encoder.r" = { low = -0.1, high = 1.0, step = 0.1 }', (), "encoder.r must lie between 0"),
        ('"detector.k" = { grid = [1, 500] }', (), "detector.k goes up to 500, but fan 00 has only 24 normal clips"),
        ('"detector.n_components" = { grid = [1, 2] }', (), "detector kind 'memory_bank' has no such key"),
        ("detector.k = [1", (), "is no valid TOML"),
        ("", (), "names no field"),
        (SPACE, ("--objective", "aucc"), "'aucc' is not one of"),
        (SPACE, ("--search", "tpe"), "add --settings N"),
        (SPACE, ("--settings", "3"), "a grid has as many as its space"),
        (SPACE, ("--validation", "generated"), "--validation generated and --generated FOLDER belong together"),
        (SPACE, ("--out", "tuned.txt"), "name a .toml file"),
        (SPACE, ("--per", "machine", "--out", "tuned.toml"), "must be a folder"),
        (SPACE, ("--per", "machine", "--out", "s3://bucket/tuned.toml"), "must be a folder"),
        (SPACE, ("--out", "gs://bucket/tuned.toml"), "write a folder, file:// or s3://"),
        (SPACE, ("--out", "s3://tuned.toml"), "names no bucket"),
    ],
)
def test_what_cannot_be_searched_is_one_line_and_exit_code_2(tmp_path, archive, text, more, message):
    (tmp_path / "space.toml").write_text(text)
    said = asd(*line(tmp_path, archive, tmp_path / "space.toml", "--local", "--quiet", *more))
    assert said.code == 2, said.err
    assert message in " ".join(said.err.split()) and said.err.count("Error:") == 1
    assert said.out == "" and not list((tmp_path / "store").rglob("*.parquet"))


def test_clips_without_labels_are_refused_with_what_to_do(tmp_path, archive, space):
    (tmp_path / "blind/fan").mkdir(parents=True)
    (tmp_path / "blind/fan/train").symlink_to(archive / "fan/train")
    said = asd(*line(tmp_path, tmp_path / "blind", space, "--local", "--quiet"))
    assert said.code == 2 and said.err.count("\n") == 1
    assert "clips is known to be normal or anomalous" in said.err and "--validation simulated" in said.err


@pytest.mark.slow
def test_a_search_whose_process_is_killed_goes_on_and_evaluates_nothing_twice(tmp_path, archive):
    space = tmp_path / "space.toml"
    space.write_text('"encoder.r" = { low = 0.0, high = 1.1, step = 0.01 }\n"detector.k" = { grid = [1, 2, 4] }\n')
    words = line(tmp_path, archive, space, "--local")
    with Command(tmp_path, *words) as command:
        assert command.wait_for("evaluating settings: "), command.said
        while command.is_running and len(list((tmp_path / "store").rglob("results/*/*.parquet"))) < 1:
            time.sleep(0.002)
        command.kill()
    finished = rows_in(tmp_path / "store")
    assert 0 < len(finished) < 999 and not list((tmp_path / "store/runs").glob("*"))
    said = asd(*words)
    assert (said.code, said.json["evaluated"], said.json["decoded"]) == (0, 999 - len(finished), 0), said.err
    rows = rows_in(tmp_path / "store")
    assert len(rows) == len(set(rows)) == 999 and set(finished) <= set(rows)


def test_settings_judged_on_clips_that_a_generator_heard_are_told_with_a_note(tmp_path, archive, space):
    clips = list_archive(str(archive)).clips
    write_heard(tmp_path / "store", clips.filter([kind == "fan" for kind in clips["machine_type"].to_pylist()]))
    said = asd(*line(tmp_path, archive, space, "--local", "--out", tmp_path / "tuned.toml"))
    note = "enerator gen was fine-tuned on 48 of the 72 labelled clips measured here (fan)"
    page, record = Path(said.json["page"]).read_text(), open_store(str(tmp_path / "store")).run(said.json["run_id"])
    for told in (said.json["notes"], record["notes"], [page], [(tmp_path / "tuned.toml").read_text()]):
        assert [note in text for text in told] == [True]
    again = asd(*[word for word in line(tmp_path, archive, space) if word != "--json"])
    assert f"\nnote: g{note}" in again.out
    one_setting = ("--validation", "simulated", "--search", "random", "--settings", "1")
    assert asd(*line(tmp_path, archive, space, "--local", *one_setting)).json["notes"] == []


def test_a_search_that_was_complete_before_the_generator_heard_its_clips_is_told_with_a_note_too(tmp_path, archive):
    (tmp_path / "space.toml").write_text('"detector.k" = { grid = [1] }\n')
    words = line(tmp_path, archive, tmp_path / "space.toml", "--local")
    assert asd(*words).json["notes"] == []
    write_heard(tmp_path / "store", list_archive(str(archive)).clips)
    again = asd(*words).json
    assert again["already_complete"] and [note.startswith("generator gen was") for note in again["notes"]] == [True]
