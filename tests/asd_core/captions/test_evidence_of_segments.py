"""Captions of long recordings tell of the segment that was flagged."""

import numpy as np
import pytest
import soundfile

from asd_core.audio.places import place
from asd_core.captions.evidence import Gatherer
from asd_core.captions.selection import CaptionOrder, flagged
from asd_core.clips.archive import list_archive
from asd_core.pipeline.engine import LocalEngine, no_progress
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.caption import CaptionRun
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store

RATE = 8_000
SETTINGS = {"encoder.sample_rate": RATE, "encoder.clip_rule": "segments", "encoder.n_mels": 32}
RECIPE = load_recipe("twfr-knn").with_settings({**SETTINGS, "encoder.clip_seconds": 3.0})


def write(folder, date, number, tone_at=None):
    samples = 0.05 * np.random.default_rng(number).normal(size=40 * RATE)
    if tone_at is not None:
        samples[tone_at * RATE : (tone_at + 3) * RATE] += 0.1 * np.sin(2 * np.pi * 1240 * np.arange(3 * RATE) / RATE)
    path = folder / f"machine_type=fan/machine_id=07/date={date}/{number}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE)


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plant")
    for number in range(12):
        write(folder / "in", "2026-11-01", number)
    write(folder / "in", "2026-11-02", 12, tone_at=33)  # later than the first 30 s
    clips, store = list_archive(str(folder / "in")).clips, Store(LocalFiles(folder / "store"))
    dates = np.array(clips["date"].to_pylist())
    fit(store, RECIPE, clips.filter(dates == "2026-11-01"), LocalEngine())
    record = score(store, RECIPE, clips.filter(dates == "2026-11-02"), LocalEngine())
    return store, flagged(store.read_scores(record))


def test_the_caption_names_what_is_heard_in_the_worst_segment(night):
    store, rows = night
    run = CaptionRun(store, RECIPE, CaptionOrder("acoustic"), LocalEngine())
    run.add(rows)
    assert run.finish()["captioned"] == 1
    (caption,) = store.captions(RECIPE.key()).to_pylist()
    assert "tone at 1.24 kHz" in caption["difference_caption"]
    assert set(caption["normal_uris"]) <= set(rows["nearest_uris"][0].as_py())


def test_measures_are_kept_by_segment_so_that_later_captions_need_no_audio(night):
    store, rows = night
    (row,) = rows.to_pylist()
    Gatherer(store, RECIPE, "acoustic", LocalEngine(), True, no_progress).gather(rows)
    found = Gatherer(store, RECIPE, "acoustic", LocalEngine(), False, no_progress).gather(rows)
    assert not found.problems
    assert found.measures.keys() == {place(row["clip_id"], 33.0), *found.normal_ids.values()}
    assert all("#t=" in name for name in found.normal_ids.values())
