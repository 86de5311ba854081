from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from asd_core.audio.decoding import decode, read_clip
from asd_core.clips.archive import list_archive
from asd_core.errors import ClipError, UsageError
from asd_core.synthesis.fleet import BROKEN, SimulatedFleet, simulate_fleet

SMALL: dict[str, Any] = {"machines_per_type": 2, "nights": 2, "clips_per_night": 2, "seconds": 0.5}
REASONS = {
    "empty": "empty",
    "cut_header": "not_audio",
    "jpeg": "not_audio",
    "nan": "not_finite",
    "silence": "silent",
}


@pytest.fixture(scope="module", params=["wav", "flac"])
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimulatedFleet]:
    root = tmp_path_factory.mktemp("fleet")
    return root, simulate_fleet(str(root), file_format=request.param, **SMALL)


def files_of(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.*")}


def test_the_manifest_names_exactly_the_files_that_are_there(fleet: tuple[Path, SimulatedFleet]) -> None:
    root, summary = fleet
    with open(root / "manifest.csv", newline="") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    assert sorted(paths) == sorted(set(files_of(root)) - {"manifest.csv"}) and len(paths) == summary.clips


def test_the_archive_is_a_fleet_and_agrees_with_its_manifest(fleet: tuple[Path, SimulatedFleet]) -> None:
    root, summary = fleet
    folder, manifest = list_archive(str(root)), list_archive(str(root / "manifest.csv"))
    assert (folder.layout, len(folder.unplaced), len(folder.clips)) == ("fleet", 0, summary.clips)
    for name in ("clip_id", "machine_type", "machine_id", "date"):
        assert folder.clips[name].equals(manifest.clips[name])


def test_good_clips_decode_and_broken_ones_fail_for_their_reason(fleet: tuple[Path, SimulatedFleet]) -> None:
    root, summary = fleet
    broken = 0
    for clip in list_archive(str(root / "manifest.csv")).clips.to_pylist():
        fault = json.loads(clip["extra"])["fault"]
        if fault.startswith("broken:"):
            with pytest.raises(ClipError) as caught:
                decode(read_clip(clip["uri"]), sample_rate=16000)
            assert caught.value.reason == REASONS[fault.removeprefix("broken:")] and clip["condition"] == ""
            broken += 1
        else:
            decoded = decode(read_clip(clip["uri"]), sample_rate=16000)
            assert (decoded.seconds, decoded.warning) == (0.5, None)
            assert clip["condition"] == ("anomalous" if fault else "normal")
    assert broken == len(summary.broken) == len(BROKEN)


def test_faults_and_the_silent_machine_are_of_the_last_night_only(fleet: tuple[Path, SimulatedFleet]) -> None:
    root, summary = fleet
    assert summary.dates == ("2026-11-01", "2026-11-02") and summary.clips == 10 * 4 - 2
    [(date, machine_type, machine_id)] = summary.silent
    assert date == "2026-11-02"
    assert not (root / f"machine_type={machine_type}/machine_id={machine_id}/date={date}").exists()
    assert {fault.date for fault in summary.faults} == {"2026-11-02"}
    assert all("date=2026-11-02" in path for path in summary.broken)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    for name, seed in [("a", 7), ("b", 7), ("c", 8)]:
        simulate_fleet(str(tmp_path / name), seed=seed, **SMALL)
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")
    a, c = files_of(tmp_path / "a"), files_of(tmp_path / "c")
    assert not any(a[path] == c[path] for path in a.keys() & c.keys() if len(a[path]) > 1000 and any(a[path][44:]))


def test_a_night_more_leaves_the_healthy_nights_untouched(tmp_path: Path) -> None:
    root = tmp_path / "fleet"
    simulate_fleet(str(root), fault_nights=[1], **SMALL)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*.wav")}
    simulate_fleet(str(root), fault_nights=[1, 2], **SMALL | {"nights": 3})
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list(root.rglob("date=2026-11-03/*"))) > 0


def test_appending_equals_simulating_at_once(tmp_path: Path) -> None:
    simulate_fleet(str(tmp_path / "appended"), **SMALL)
    simulate_fleet(str(tmp_path / "appended"), **SMALL | {"nights": 3})
    simulate_fleet(str(tmp_path / "once"), **SMALL | {"nights": 3})
    assert files_of(tmp_path / "appended") == files_of(tmp_path / "once")


def test_progress_counts_every_recording(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    summary = simulate_fleet(str(tmp_path), on_progress=lambda done, total: told.append((done, total)), **SMALL)
    assert told == [(i + 1, summary.clips) for i in range(summary.clips)]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"machine_types": ["fam"]}, "did you mean 'fan'"),
        ({"machine_types": []}, "each once"),
        ({"machines_per_type": 0}, "1 to 100"),
        ({"nights": 0}, "at least 1"),
        ({"seconds": 0.0}, "0.5 to 3600"),
        ({"first_date": "1.11.2026"}, "write it as 2026-11-01"),
        ({"fault_nights": [2]}, "from 0 to 1"),
        ({"file_format": "mp3"}, "known: flac, wav"),
    ],
)
def test_what_cannot_be_simulated_is_refused_before_anything_is_written(
    tmp_path: Path, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        simulate_fleet(str(tmp_path), **SMALL | options)
    assert not list(tmp_path.iterdir())


def test_no_file_holds_the_time_at_which_it_was_written(tmp_path: Path) -> None:
    # libsndfile puts it into the PEAK chunk of float files.
    fleet = simulate_fleet(str(tmp_path), machines_per_type=1, nights=1, seconds=0.5)
    assert "nan" in fleet.broken.values()
    assert not [path for path in fleet.broken if b"PEAK" in (tmp_path / path).read_bytes()]
