import shutil
import sys
from pathlib import Path

import pytest
import soundfile

from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.detectors.own_package import write_package as write_detectors
from tests.asd_core.encoders.own_package import write_package
from tests.command import asd, asd_process
from tests.fleet import NIGHTS, by_uri, clip_path, files_of, write_dcase, write_fleet, write_wav

KNN = load_recipe("twfr-knn")


@pytest.fixture
def plant(tmp_path):
    """A fleet of two fans and a store with scorers of its first two nights."""
    archive, store = write_fleet(tmp_path / "archive"), tmp_path / "store"
    said = asd("fit", archive, *options(store), "--since", NIGHTS[0], "--until", NIGHTS[1])
    assert said.code == 0 and (said.json["decoded"], said.json["fitted"]) == (16, 2)
    return archive, store


def options(store, recipe="twfr-knn"):
    return ["--recipe", recipe, "--store", store, "--local", "--json"]


def nightly(plant, *more):
    said = asd("nightly", plant[0], *options(plant[1]), *more)
    assert said.code == 0, said.err
    return said.json


def test_the_latest_night_is_scored_and_every_clip_counted(plant):
    clip_path(plant[0], "00", NIGHTS[2], 0).write_bytes(b"")
    counts = nightly(plant)
    assert (counts["listed"], counts["scored"], counts["errors"], counts["decoded"]) == (8, 7, 1, 8)
    assert counts["errors_by_reason"] == {"empty": 1}
    rows = Store(LocalFiles(plant[1])).scores(KNN.key())
    assert set(rows["date"].to_pylist()) == {NIGHTS[2]} and len(rows) == 8


def test_a_night_may_be_named_and_one_more_decodes_only_its_clips(plant):
    assert nightly(plant, "--date", NIGHTS[1])["decoded"] == 0
    assert nightly(plant, "--date", NIGHTS[2])["decoded"] == 8
    write_fleet(plant[0], dates=["2026-11-04"], clips=3)
    assert nightly(plant)["decoded"] == 6


def test_an_archive_without_dates_is_told_so_and_never_scored_whole_again(tmp_path):
    paths = [tmp_path / f"archive/machine_type=fan/take{number}.wav" for number in range(5)]
    for number, path in enumerate(paths[:4]):
        write_wav(path, seed=number)
    (tmp_path / "normal.txt").write_text("\n".join(path.name for path in paths[:4]))
    fitted = asd("fit", tmp_path / "archive", *options(tmp_path / "store"), "--normal-list", tmp_path / "normal.txt")
    assert "note: none of 4 recordings has a date" in fitted.err and "--pattern" in fitted.err
    plant = (tmp_path / "archive", tmp_path / "store")
    assert nightly(plant)["listed"] == 4
    write_wav(paths[4], seed=4)
    said = asd("nightly", plant[0], *options(plant[1]))
    assert said.json["listed"] == 1 and "this night is the 1 that have no score yet" in said.err
    again = asd("nightly", plant[0], *options(plant[1]))
    assert again.json["decoded"] == 0 and "was complete already" in again.err and "nothing is new" in again.err


def test_a_night_that_crosses_midnight_ends_when_told(tmp_path):
    archive = tmp_path / "archive/machine_type=fan"
    for number, stamp in enumerate(["20261118_220000", "20261119_030000", "20261119_220000", "20261120_030000"]):
        for take in range(2):
            write_wav(archive / f"{stamp}_{take}.wav", seed=10 * number + take)
    common = [tmp_path / "archive", *options(tmp_path / "store"), "--night-ends", "12:00"]
    assert asd("fit", *common, "--until", "2026-11-18").json["listed"] == 4
    said = asd("nightly", *common)
    assert said.json["listed"] == 4 and "the night of 2026-11-19: 4 clips" in said.err
    refused = asd("nightly", tmp_path / "archive", *options(tmp_path / "store"), "--night-ends", "noon")
    assert refused.code == 2 and "is no time of day: write it as 12:00" in refused.err


def test_the_second_run_does_nothing_and_exits_0(plant):
    first = nightly(plant)
    before = files_of(plant[1])
    again = nightly(plant)
    assert files_of(plant[1]) == before
    changed = {"seconds": 0, "decoded": 8, "captions": None}
    assert again | changed == first | changed and again["captions"]["asked"] == 0
    assert again["decoded"] == 0


def test_json_is_the_one_line_on_stdout_and_remarks_go_to_stderr(plant):
    said = asd("nightly", plant[0], *options(plant[1]))
    assert said.json["listed"] == 8 and f"the night of {NIGHTS[2]}: 8 clips" in said.err
    text = asd("nightly", plant[0], *options(plant[1])[:-1], "--quiet")
    assert text.err == "" and text.out.startswith("listed 8, decoded 0, embedded 8, scored 8, errors 0, flagged ")


def test_too_many_errors_exit_1_with_nothing_published(plant):
    clip_path(plant[0], "00", NIGHTS[2], 0).write_bytes(b"")
    said = asd("nightly", plant[0], *options(plant[1]), "--max-error-rate", "0.1")
    assert (said.code, said.out) == (1, "") and "nothing is published" in said.err
    assert not list((plant[1] / "runs").glob("nightly-*")) and not (plant[1] / "reports").exists()
    assert nightly(plant, "--max-error-rate", "0.2")["errors"] == 1


def test_the_report_is_written_once_and_again_when_asked(plant):
    (page,) = nightly(plant)["reports"]
    path = plant[1] / f"reports/{KNN.key()}/date={NIGHTS[2]}/index.html"
    assert page == str(path)
    text = path.read_text()
    path.write_text(f"{text}<!-- as it was -->")
    nightly(plant)
    assert path.read_text() == f"{text}<!-- as it was -->"
    said = asd("report", "--recipe", "twfr-knn", "--store", plant[1], "--json")
    assert (said.code, said.json) == (0, {"report": str(path), "all_nights": str(path.parents[1] / "index.html")})
    assert path.read_text() == text
    path.unlink()
    nightly(plant)
    assert path.read_text() == text


def test_no_report_is_no_report(plant):
    assert nightly(plant, "--no-report")["reports"] == []
    assert not (plant[1] / "reports").exists()


def test_a_machine_without_a_scorer_and_a_silent_one_are_both_in_the_report(plant):
    write_fleet(plant[0], machines=["new"], dates=[NIGHTS[2]])
    for path in clip_path(plant[0], "01", NIGHTS[2], 0).parent.iterdir():
        path.unlink()
    counts = nightly(plant)
    assert counts["errors_by_reason"] == {"no_scorer": 4} and counts["scored"] == 4
    page = Path(counts["reports"][0]).read_text()
    assert "no scorer for fan new" in page and "fan 01" in page


def test_a_clip_that_cannot_be_read_tonight_is_tried_again(plant, tmp_path):
    folder = tmp_path / "clip.wav"  # a folder of that name: it can be listed, not read
    folder.mkdir()
    good = clip_path(plant[0], "00", NIGHTS[2], 0)
    lines = ["path,machine_type,machine_id,date", f"{good},fan,00,{NIGHTS[2]}", f"{folder},fan,00,{NIGHTS[2]}"]
    manifest = tmp_path / "list.csv"
    manifest.write_text("\n".join([*lines, f"{tmp_path}/gone.wav,fan,00,{NIGHTS[2]}"]))
    first = nightly((manifest, plant[1]))
    assert first["errors_by_reason"] == {"unreadable": 1, "vanished": 1}
    folder.rmdir()
    write_wav(folder, seed=3)
    write_wav(tmp_path / "gone.wav", seed=4)
    assert nightly((manifest, plant[1]))["errors"] == 0
    rows = Store(LocalFiles(plant[1])).scores(KNN.key())
    assert len(rows) == 3 and rows["anomaly_score"].null_count == 0


def own_recipe(tmp_path, kind):
    path = tmp_path / "own.toml"
    path.write_text(f'[encoder]\nkind = "{kind}"\nwidth = 5\nclip_seconds = 1.0\n[detector]\nkind = "memory_bank"\n')
    return path


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A fleet, and the recipe of an encoder in a package of its owner's; what stands beside it can be imported too."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield write_fleet(tmp_path / "archive"), own_recipe(tmp_path, write_package(tmp_path / "site"))
    for name in [name for name in sys.modules if name.startswith(("plant_sounds", "plant_detectors"))]:
        del sys.modules[name]


def test_an_encoder_and_a_detector_of_ones_own_go_all_the_way_here_and_on_ray(tmp_path, own):
    archive, recipe = own
    encoder = recipe.read_text().partition("[detector]")[0]
    recipe.write_text(f'{encoder}[detector]\nkind = "{write_detectors(tmp_path / "site")}"\npower = 2.0\n')
    here, on_ray = tmp_path / "here", tmp_path / "ray"
    fitted = asd("fit", archive, "--until", NIGHTS[1], *options(here, recipe))
    assert fitted.code == 0 and fitted.json["fitted"] == 2, fitted.err
    shutil.copytree(here, on_ray)
    assert asd("nightly", archive, *options(here, recipe)).json["scored"] == 8
    common = ["--recipe", recipe, "--store", on_ray, "--json", "--engine", "ray", "--cpus", "2"]
    said = asd_process("nightly", archive, *common, PYTHONPATH=str(tmp_path / "site"))
    assert (said.code, said.json["scored"], said.json["decoded"]) == (0, 8, 8), said.err
    stores = [Store(LocalFiles(folder)) for folder in (here, on_ray)]
    rows = [by_uri(store.scores(load_key(store))) for store in stores]
    assert rows[0] == rows[1] and len(rows[0]) == 8
    assert all(row["nearest_uris"] and row["p_value"] > 0 for row in rows[0].values())
    assert {len(row) for row in embeddings(stores[0])} == {5}


def test_an_encoder_of_ones_own_is_evaluated(tmp_path, own):
    archive = write_dcase(tmp_path / "dev_data")
    assert asd("fit", archive, *options(tmp_path / "store", own[1])).json["fitted"] == 2
    found = asd("evaluate", archive, *options(tmp_path / "store", own[1]), "--set", "encoder.batch_size=1").json
    assert len(found["machines"]) == 2 and found["mean"]["auc"] is not None


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("encoder.widht=3", "[encoder] has no key 'widht'; did you mean 'width'?"),
        ("encoder.kind=plant_sounds.energies:Missing", "has no attribute 'Missing'"),
    ],
)
def test_a_wrong_name_in_a_recipe_of_ones_own_is_one_line(tmp_path, own, setting, message):
    archive, recipe = own
    said = asd("nightly", archive, *options(tmp_path / "store", recipe), "--set", setting)
    assert (said.code, said.out) == (2, "") and message in said.err and said.err.count("Error") == 1


def test_a_night_that_is_told_to_stop_exits_3_and_the_same_command_finishes_it(tmp_path, own):
    archive, recipe = own
    module = tmp_path / "site/plant_sounds/energies.py"
    stops = "import os, signal\n        if 'STOP' in os.environ: os.kill(os.getpid(), signal.SIGTERM)\n        "
    module.write_text(module.read_text().replace("parts = np", stops + "parts = np"))
    arguments = ["nightly", archive, *options(tmp_path / "store", recipe)]
    said = asd_process(*arguments, PYTHONPATH=str(tmp_path / "site"), STOP="1")
    assert (said.code, said.out) == (3, "")
    assert said.err.splitlines()[-1] == "Error: interrupted; the same command goes on from here"
    said = asd(*arguments)
    assert (said.code, said.json["listed"], said.json["errors"]) == (1, 8, 8)  # nobody fitted it


def load_key(store):
    return store.runs("nightly")[0]["key"]


def embeddings(store):
    (fingerprint,) = {info.path.split("/")[1] for info in store.files.list("embeddings")}
    for info in store.files.list(f"embeddings/{fingerprint}/shards"):
        yield from store.read_shard(fingerprint, info.path.split("/")[-1].removesuffix(".parquet"))["embedding"]


def test_the_recordings_themselves_are_never_touched(plant):
    before = files_of(plant[0])
    nightly(plant)
    assert files_of(plant[0]) == before


def test_a_night_of_flac_and_wav_at_other_rates_is_scored(plant):
    samples, _ = soundfile.read(clip_path(plant[0], "00", NIGHTS[2], 0))
    soundfile.write(clip_path(plant[0], "00", NIGHTS[2], 0).with_suffix(".flac"), samples, 16_000)
    soundfile.write(clip_path(plant[0], "00", NIGHTS[2], 8), samples[:, None] * [1, 1], 48_000)
    assert nightly(plant)["scored"] == 10
