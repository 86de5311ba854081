"""Recordings of any length, from their bytes to their score rows."""

import numpy as np
import pytest
import soundfile

from asd_core.clips.archive import list_archive
from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.embedded_rows import embedded_rows
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store

RATE = 4_000
SETTINGS = {"encoder.sample_rate": RATE, "encoder.clip_seconds": 1.0, "encoder.clip_rule": "segments"}
SEGMENTS = load_recipe("twfr-knn").with_settings({**SETTINGS, "encoder.n_mels": 16, "encoder.n_fft": 256})


def noise(seed, seconds, fault_at=None):
    samples = 0.1 * np.random.default_rng(seed).normal(size=round(seconds * RATE))
    if fault_at is not None:
        start = round(fault_at * RATE)
        samples[start : start + RATE // 2] += 0.5 * np.sin(2 * np.pi * 700 * np.arange(RATE // 2) / RATE)
    return samples


def write(folder, date, name, samples):
    path = folder / f"machine_type=fan/machine_id=07/date={date}/{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE, subtype="FLOAT")


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Rows of a night by name, after 30 normals of six segments were learnt; and the outcome of the fit."""
    folder = tmp_path_factory.mktemp("plant")
    for number in range(30):
        write(folder / "in", "2026-11-01", f"{number:02d}", noise(number, 6))
    write(folder / "in", "2026-11-02", "as_learnt", noise(100, 6))
    write(folder / "in", "2026-11-02", "long", noise(101, 21.3))
    write(folder / "in", "2026-11-02", "short", noise(102, 0.7))
    write(folder / "in", "2026-11-02", "fault", noise(103, 15.2, fault_at=9.3))
    write(folder / "in", "2026-11-02", "dropout", np.where(np.arange(6 * RATE) // RATE == 2, 0, noise(104, 6)))
    write(folder / "in", "2026-11-02", "silent", np.zeros(6 * RATE))
    clips, store = list_archive(str(folder / "in")).clips, Store(LocalFiles(folder / "store"))
    dates = np.array(clips["date"].to_pylist())
    _, outcomes = fit(store, SEGMENTS, clips.filter(dates == "2026-11-01"), LocalEngine())
    record = score(store, SEGMENTS, clips.filter(dates == "2026-11-02"), LocalEngine())
    rows = {row["uri"].rsplit("/")[-1].removesuffix(".wav"): row for row in store.read_scores(record).to_pylist()}
    return rows, outcomes, store, clips


def test_every_recording_is_one_row_with_the_number_of_its_segments(scored):
    rows, (outcome,), _, _ = scored
    assert outcome.error is None and outcome.normal_clips == 30
    counts = {name: row["segments"] for name, row in rows.items()}
    assert counts == {"as_learnt": 6, "long": 22, "short": 1, "fault": 16, "dropout": 5, "silent": None}
    assert rows["long"]["decision_threshold"] > rows["as_learnt"]["decision_threshold"] == outcome.threshold
    assert rows["as_learnt"]["decision_threshold"] > rows["short"]["decision_threshold"]
    assert rows["long"]["seconds"] == pytest.approx(21.3)


def test_the_row_names_the_start_of_the_worst_segment_and_of_the_nearest_ones(scored):
    row = scored[0]["fault"]
    assert row["is_flagged"] and row["p_value"] == pytest.approx(1 / 31)
    assert abs(row["segment_start"] - 9.3) <= 1
    assert len(set(row["nearest_uris"])) == 5 == len(row["nearest_starts"])
    assert all(start in range(6) for start in row["nearest_starts"])
    assert row["nearest_distances"] == sorted(row["nearest_distances"])


def test_silent_segments_are_left_out_with_a_warning_and_a_silent_recording_is_an_error(scored):
    rows = scored[0]
    assert rows["dropout"]["warning"].startswith("1 of 6 segments are not scored (silent: all 4000 samples are 0")
    assert (rows["silent"]["error_reason"], rows["silent"]["anomaly_score"]) == ("silent", None)


def test_each_segment_is_an_embedding_row_and_each_clip_one_of_the_index(scored):
    _, _, store, clips = scored
    encoders = SEGMENTS.encoders_of(clips)
    embedded = embed(store, encoders, clips, LocalEngine())
    (fingerprint,) = embedded.fingerprints.values()
    assert embedded.decoded == 0 and len(store.embedded(fingerprint)) == len(clips) == 36
    rows = embedded_rows(store, fingerprint, embedded.clips, {}, {}).to_pylist()
    fault = [row for row in rows if "fault" in row["uri"]]
    assert [row["segment"] for row in fault] == list(range(16))
    assert fault[-1]["segment_start"] == pytest.approx(14.2)
    assert len(rows) == 30 * 6 + 6 + 22 + 1 + 16 + 5 + 1


def test_recordings_of_one_segment_are_scored_as_crop_scores_them_to_the_bit(tmp_path):
    for number in range(12):
        write(tmp_path / "in", "2026-11-01", f"{number:02d}", noise(number, 1))
    clips, found = list_archive(str(tmp_path / "in")).clips, []
    for rule in ("crop", "segments"):
        store, recipe = Store(LocalFiles(tmp_path / rule)), SEGMENTS.with_settings({"encoder.clip_rule": rule})
        fit(store, recipe, clips, LocalEngine())
        rows = store.read_scores(score(store, recipe, clips, LocalEngine())).sort_by("uri")
        names = ["anomaly_score", "decision_threshold", "p_value", "nearest_uris", "nearest_distances", "level_db"]
        found.append(rows.select(names))
    assert found[0].equals(found[1])


def test_hops_of_half_a_segment_hear_each_moment_twice(tmp_path):
    recipe = SEGMENTS.with_settings({"encoder.hop_seconds": 0.5})
    write(tmp_path / "in", "2026-11-01", "a", noise(0, 3))
    clips, store = list_archive(str(tmp_path / "in")).clips, Store(LocalFiles(tmp_path / "store"))
    embedded = embed(store, recipe.encoders_of(clips), clips, LocalEngine())
    rows = embedded_rows(store, embedded.fingerprints["fan"], embedded.clips, {}, {})
    assert rows["segment_start"].to_pylist() == [0, 0.5, 1, 1.5, 2]


@pytest.mark.parametrize(("rule", "words"), [("windows", "1 of 3 clips are of another length"), ("segments", "")])
def test_windows_tell_recordings_of_another_length_than_those_learnt(tmp_path, rule, words):
    for number in range(8):
        write(tmp_path / "in", "2026-11-01", f"{number:02d}", noise(number, 3))
    for number, seconds in enumerate((3, 3, 5)):
        write(tmp_path / "in", "2026-11-02", f"{number:02d}", noise(100 + number, seconds))
    clips, store = list_archive(str(tmp_path / "in")).clips, Store(LocalFiles(tmp_path / "store"))
    recipe, dates = SEGMENTS.with_settings({"encoder.clip_rule": rule}), np.array(clips["date"].to_pylist())
    fit(store, recipe, clips.filter(dates == "2026-11-01"), LocalEngine())
    notes = score(store, recipe, clips.filter(dates == "2026-11-02"), LocalEngine())["notes"]
    assert [note[: len(words)] for note in notes] == ([words] if words else [])
