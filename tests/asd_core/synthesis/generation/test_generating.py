"""Making an archive of clips, broken off and resumed."""

import pytest

from asd_core.clips.archive import list_archive
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.processes import ProcessEngine
from asd_core.store.store import open_store
from asd_core.synthesis.generation.archive import Parts, folder_of
from asd_core.synthesis.generation.generating import make_archive
from asd_core.synthesis.generation.plan import plan_clips
from tests.asd_core.synthesis.generation.fakes import QUICK, NoiseSource, wanted_of

PLANNED = plan_clips(wanted_of(("fan", "00"), ("valve", "12")), QUICK)
PARTS = Parts("plant", "abc")


class Broken(Exception):
    pass


class BreaksAfter(LocalEngine):
    """An engine that breaks after some items."""

    def __init__(self, count):
        super().__init__()
        self._count = count

    def map(self, function, items, *, on_gpu=False):
        for number, item in enumerate(items):
            if number == self._count:
                raise Broken
            yield function(item)


def made(folder, engine=None, bad=()):
    store, counts, source, engine = open_store(str(folder)), [], NoiseSource(bad), engine or LocalEngine()
    table = make_archive(store, PARTS, PLANNED, QUICK, source, engine, lambda *told: counts.append(told))
    return table, counts


def test_a_broken_run_goes_on_and_gives_the_same_files(tmp_path):
    whole, _ = made(tmp_path / "whole")
    with pytest.raises(Broken):
        made(tmp_path / "broken", BreaksAfter(3))
    resumed, counts = made(tmp_path / "broken")
    assert counts[0] == ("generating clips", 3, 8) and len(counts) == 6
    assert resumed == whole and whole["sha256"].null_count == 0
    assert not list((tmp_path / "broken" / "synthetic").rglob("under_way/*/*"))
    assert made(tmp_path / "broken", BreaksAfter(0)) == (whole, [])  # complete: nothing is made again


def test_processes_make_the_same_files(tmp_path):
    engine = ProcessEngine(2, here_seconds=0.0)
    try:
        table, _ = made(tmp_path / "many", engine)
    finally:
        engine.close()
    assert table == made(tmp_path / "one")[0]


def test_the_folder_is_an_archive_in_the_layout_of_dcase(tmp_path):
    table, _ = made(tmp_path)
    listing = list_archive(str(tmp_path / folder_of("plant", "abc")))
    assert (listing.layout, listing.unplaced) == ("dcase", [])
    by_path = {clip.path: clip for clip in PLANNED}
    for row in listing.clips.to_pylist():
        clip = by_path["/".join(row["uri"].split("/")[-3:])]
        told = ("machine_type", "machine_id", "domain", "condition", "attributes")
        assert all(row[name] == getattr(clip, name) for name in told)
    manifest = list_archive(str(tmp_path / folder_of("plant", "abc") / "clips.parquet"))
    columns = ["clip_id", "machine_type", "machine_id", "domain", "condition", "attributes"]
    assert manifest.clips.select(columns) == listing.clips.select(columns) and len(table) == len(listing.clips)


def test_clips_with_the_same_bytes_are_refused_in_the_order_of_their_names(tmp_path):
    same = [(seed, "same") for clip in PLANNED[4:7] for seed in clip.seeds]
    table, _ = made(tmp_path, bad=tuple(same))
    refused = table.filter(table["error_reason"].is_valid())
    assert refused["path"].to_pylist() == [clip.path for clip in PLANNED[5:7]]
    assert set(refused["error"].to_pylist()) == {f"the same bytes as {PLANNED[4].path}"}


def test_files_that_are_lost_are_made_again_and_no_others(tmp_path):
    whole, _ = made(tmp_path)
    folder = tmp_path / folder_of("plant", "abc")
    lost = folder / whole["path"][5].as_py()
    kept, times = lost.read_bytes(), {path: path.stat().st_mtime_ns for path in folder.rglob("*.wav")}
    lost.unlink()
    table, counts = made(tmp_path)
    assert table == whole and lost.read_bytes() == kept and counts == [("generating clips", n, 8) for n in (7, 8)]
    assert sum(path.stat().st_mtime_ns != time for path, time in times.items()) == 2


def test_a_store_in_a_bucket_holds_the_same_files(tmp_path, bucket):
    here = made(tmp_path)[0]
    assert made(f"{bucket}/store")[0] == here
    listing = list_archive(f"{bucket}/store/{folder_of('plant', 'abc')}")
    assert listing.layout == "dcase" and len(listing.clips) == len(here)
