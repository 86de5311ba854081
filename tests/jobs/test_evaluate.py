import csv
import json

from asd_core.clips.archive import list_archive
from tests.command import asd
from tests.fleet import files_of, write_wav
from tests.hearing import write_heard
from tests.jobs.options import options
from tests.mimii import write_mimii


def test_every_machine_has_figures_and_the_mean_and_official_score_are_theirs(tmp_path, dcase):
    found = asd("evaluate", dcase, *options(tmp_path)).json
    assert [machine["machine_id"] for machine in found["machines"]] == ["00", "02"]
    assert 0 <= found["mean"]["auc"] <= 1 and found["official_score"] is not None


def test_mimii_is_learnt_scored_and_measured_with_no_option_but_folder_and_store(tmp_path):
    archive, store = write_mimii(tmp_path / "mimii", machines=["00"], normal=16), ("--store", tmp_path / "store")
    assert asd("fit", archive, *store).code == 0
    night = asd("nightly", archive, *store, "--json").json
    assert night["listed"] == night["scored"] == 8 and night["flagged"] >= 4
    (machine,) = asd("evaluate", archive, *store, "--json").json["machines"]
    assert (machine["machine_type"], machine["machine_id"], machine["auc"]) == ("fan", "00", 1.0)
    assert machine["counts"]["normal"] == machine["counts"]["anomalous"] == 4


def test_labels_without_a_split_leave_some_normals_to_measure_on(tmp_path):
    pattern = ("--pattern", "{machine_type}/id_{machine_id}/{condition}/{}.wav")
    archive = write_mimii(tmp_path / "plain", "fan", machines=["00"])
    fitted = asd("fit", archive, *options(tmp_path), *pattern)
    assert "so 6 of the 10 known to be normal are learnt" in fitted.err and fitted.json["listed"] == 6
    (machine,) = asd("evaluate", archive, *options(tmp_path), *pattern).json["machines"]
    counts = {name: machine["counts"][name] for name in ("training", "normal", "anomalous")}
    assert counts == {"training": 6, "normal": 4, "anomalous": 4} and machine["auc"] == 1.0


def test_supplemental_recordings_are_neither_scored_nor_submitted_and_said_once(tmp_path, dcase):
    for number in range(3):
        write_wav(dcase / f"fan/supplemental/section_00_noise_supplemental_normal_{number:04d}.wav", number)
    said = asd("evaluate", dcase, *options(tmp_path), "--out", tmp_path / "out")
    assert said.err.count("note: 3 recordings of no split are left out") == 1
    rows = (tmp_path / "out/submission/anomaly_score_fan_id_00.csv").read_text().splitlines()
    assert len(rows) == 8 and not [row for row in rows if "supplemental" in row]
    assert asd("nightly", dcase, *options(tmp_path), "--no-report").json["listed"] == 16


def test_an_evaluation_set_without_labels_gives_its_submission_domain_by_domain(tmp_path):
    archive = tmp_path / "eval_data/fan"
    for number in range(6):
        write_wav(archive / f"train/section_03_source_train_normal_{number:04d}_strength_1_ambient.wav", number)
    for domain in ("source", "target"):
        for number in range(3):
            write_wav(archive / f"{domain}_test/section_03_{domain}_test_{number:04d}.wav", 10 + number)
    assert asd("fit", archive.parent, *options(tmp_path)).json["listed"] == 6
    said = asd("evaluate", archive.parent, *options(tmp_path), "--out", tmp_path / "out")
    assert (said.code, said.json) == (0, {"submission_files": 4})
    kinds, domains = ("anomaly_score", "decision_result"), ("source", "target")
    names = {f"submission/{kind}_fan_section_03_{domain}_test.csv" for kind in kinds for domain in domains}
    assert files_of(tmp_path / "out").keys() == names
    refused = asd("evaluate", archive.parent, *options(tmp_path))
    assert refused.code == 2 and "known to be normal or anomalous" in refused.err


def test_out_holds_the_tables_and_a_submission(tmp_path, dcase):
    said = asd("evaluate", dcase, *options(tmp_path), "--out", tmp_path / "out")
    names = {path for path in files_of(tmp_path / "out")}
    assert names == {
        "evaluation.txt",
        "evaluation.json",
        "evaluation.csv",
        *(
            f"submission/{kind}_fan_id_{machine}.csv"
            for kind in ("anomaly_score", "decision_result")
            for machine in ("00", "02")
        ),
    }
    assert json.loads((tmp_path / "out/evaluation.json").read_text()) == said.json
    rows = list(csv.reader((tmp_path / "out/submission/anomaly_score_fan_id_00.csv").open()))
    assert len(rows) == 8 and rows[0][0] == "anomaly_id_00_00000000.wav"


def test_machines_with_clips_that_have_no_score_are_left_out_of_the_submission(tmp_path, dcase):
    (dcase / "fan/test/normal_id_02_00000000.wav").write_bytes(b"")
    said = asd("evaluate", dcase, *options(tmp_path), "--out", tmp_path / "out")
    assert said.code == 0 and "no submission files for 1 machines with clips that have no score: fan 02" in said.err
    assert not [path for path in files_of(tmp_path / "out") if "id_02" in path]
    assert (tmp_path / "out/submission/anomaly_score_fan_id_00.csv").exists()


def write_labelled(root, machine="00", name="{condition}-{number}", nights=6):
    """A fan with one clip of each condition a night; the rows of its manifest."""
    rows = []
    for number in range(nights):
        for condition, seconds in (("normal", 1.0), ("anomalous", 1.25)):
            path = f"{machine}/{condition}/{name.format(condition=condition, number=number)}.wav"
            write_wav(root / path, number, seconds)
            rows.append(f"{path},fan,{machine},{condition},2026-11-{number + 1:02d}")
    return rows


def write_manifest(root, rows):
    path = root / "manifest.csv"
    path.write_text("\n".join(["path,machine_type,machine_id,condition,date", *rows]) + "\n")
    return path


def test_clips_that_the_scorer_was_fitted_on_are_no_test_of_it(tmp_path):
    manifest = write_manifest(tmp_path, write_labelled(tmp_path))
    assert asd("fit", manifest, *options(tmp_path), "--until", "2026-11-04").json["fitted"] == 1
    (machine,) = asd("evaluate", manifest, *options(tmp_path)).json["machines"]
    assert {name: machine["counts"][name] for name in ("training", "normal", "anomalous")} == {
        "training": 4,
        "normal": 2,
        "anomalous": 6,
    }


def test_clips_of_one_name_cost_their_machine_the_submission_and_nobody_the_evaluation(tmp_path):
    manifest = write_manifest(tmp_path, write_labelled(tmp_path, "00") + write_labelled(tmp_path, "02", "{number}"))
    assert asd("fit", manifest, *options(tmp_path), "--until", "2026-11-04").json["fitted"] == 2
    said = asd("evaluate", manifest, *options(tmp_path), "--out", tmp_path / "out")
    assert said.code == 0 and "no submission files for 1 machines with clips of one file name: fan 02" in said.err
    assert json.loads((tmp_path / "out/evaluation.json").read_text()) == said.json
    names = sorted(files_of(tmp_path / "out/submission"))
    assert names == ["anomaly_score_fan_section_00_test.csv", "decision_result_fan_section_00_test.csv"]


def test_a_second_evaluation_scores_nothing_again(tmp_path, dcase):
    first = asd("evaluate", dcase, *options(tmp_path))
    before = files_of(tmp_path / "store")
    assert asd("evaluate", dcase, *options(tmp_path)).out == first.out
    assert files_of(tmp_path / "store") == before


def test_a_store_whose_generator_heard_test_clips_says_so_wherever_it_shows_figures(tmp_path, dcase):
    plain = asd("evaluate", dcase, *options(tmp_path)).json
    heard = write_heard(tmp_path / "store", list_archive(str(dcase)).clips)
    line = "generator gen was fine-tuned on 16 of the 16 labelled clips measured here (fan): for whatever was chosen"
    said = asd("evaluate", dcase, *options(tmp_path), "--out", tmp_path / "out")
    (note,) = said.json["notes"]
    assert note.startswith(line) and plain["notes"] == [] and plain["mean"] == said.json["mean"]
    texts = {name: (tmp_path / f"out/evaluation.{name}").read_text() for name in ("txt", "json", "csv")}
    assert f"note: {line}" in texts["txt"] and line in texts["json"]
    notes = [row["note"] for row in csv.DictReader(texts["csv"].splitlines())]
    assert notes == ["generator gen heard 8 clips"] * 2
    heard.write_bytes(b"")
    refused = asd("evaluate", dcase, *options(tmp_path))
    assert refused.code == 1 and "is not known: restore it" in refused.err and not refused.out
