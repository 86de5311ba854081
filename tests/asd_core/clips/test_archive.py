from __future__ import annotations

import os
from collections.abc import Callable
from datetime import time
from pathlib import Path
from urllib.parse import quote

import pytest

from asd_core.audio.decoding import read_clip
from asd_core.clips.archive import Listing, list_archive, list_files
from asd_core.clips.clip import UNPLACED, clip_id, clips_table
from asd_core.errors import AsdError, UsageError
from asd_core.store.addresses import open_files
from asd_core.store.files import FileInfo, none_closed
from asd_core.store.local_files import LocalFiles
from asd_core.store.tables import CLIPS


def touch(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"12")


class FakeFiles:
    """A folder of so many files that making them would take minutes."""

    url = "file:///archive"

    def __init__(self, paths: list[str]) -> None:
        self._paths = paths

    def list(self, prefix: str = "", closed: Callable[[str], bool] = none_closed) -> list[FileInfo]:
        return [FileInfo(path, 320044, "1") for path in self._paths if path.startswith(prefix)]

    def read(self, path: str) -> bytes:
        raise FileNotFoundError(path)

    def write(self, path: str, data: bytes) -> None:
        raise PermissionError(path)

    def write_new(self, path: str, data: bytes) -> bool:
        raise PermissionError(path)

    def exists(self, path: str) -> bool:
        return path in self._paths

    def uri(self, path: str) -> str:
        return f"{self.url}/{quote(path)}"


def test_a_dcase_archive_is_recognised_and_other_files_are_counted(tmp_path: Path) -> None:
    touch(
        tmp_path, "fan/train/normal_id_00_00000000.wav", "fan/test/anomaly_id_00_00000000.WAV", "fan/attributes_00.csv"
    )
    listing = list_archive(str(tmp_path))
    assert (listing.layout, listing.skipped) == ("dcase", ["fan/attributes_00.csv"])
    assert listing.clips["split"].to_pylist() == ["test", "train"] and listing.clips.schema == CLIPS
    first = listing.clips.to_pylist()[0]
    version = str((tmp_path / "fan/test/anomaly_id_00_00000000.WAV").stat().st_mtime_ns)
    assert first["clip_id"] == clip_id(first["uri"], 2, version)


def test_a_fleet_is_recognised(tmp_path: Path) -> None:
    touch(tmp_path, "machine_type=fan/machine_id=07/date=2026-11-19/a.flac", "machine_type=fan/machine_id=08/b.ogg")
    listing = list_archive(str(tmp_path))
    assert listing.layout == "fleet" and listing.clips["machine_id"].to_pylist() == ["07", "08"]


@pytest.mark.parametrize("folder", ["raw/fan", "raw/fan/train"])
def test_a_part_of_a_dcase_archive_knows_its_machine_type_from_the_folders_above(tmp_path: Path, folder: str) -> None:
    touch(tmp_path, "raw/fan/train/normal_id_00_00000000.wav")
    clips = list_archive(str(tmp_path / folder)).clips
    assert (clips["machine_type"].to_pylist(), clips["split"].to_pylist()) == (["fan"], ["train"])


def test_a_recording_that_fits_no_layout_stays_a_row(tmp_path: Path) -> None:
    touch(tmp_path, "fan/test/normal_id_00_00000000.wav", "fan/test/holiday.mp3", "stray.wav")
    listing = list_archive(str(tmp_path))
    assert len(listing.clips) == 3 and sorted(listing.unplaced) == ["fan/test/holiday.mp3", "stray.wav"]
    machines = list(zip(*(listing.clips[name].to_pylist() for name in ("machine_type", "machine_id")), strict=True))
    assert machines == [("fan", "00"), ("fan", UNPLACED), (UNPLACED, UNPLACED)]


def test_renamed_copies_are_not_listed_twice(tmp_path: Path) -> None:
    touch(tmp_path, "fan/test/section_00_0000.wav", "fan/test_rename/section_00_source_test_anomaly_0000_x.wav")
    listing = list_archive(str(tmp_path))
    assert listing.clips["condition"].to_pylist() == ["anomalous"] and listing.duplicates == 1


def test_a_pattern_describes_any_other_layout(tmp_path: Path) -> None:
    touch(tmp_path, "pump/07/20261119_a.wav", "pump/odd.wav")
    listing = list_archive(str(tmp_path), pattern="{machine_type}/{machine_id}/{date}_{}.wav")
    assert (listing.layout, len(listing.unplaced)) == ("pattern", 1)
    assert listing.clips["date"].to_pylist() == ["2026-11-19", "undated"]


def test_nothing_recognised_is_refused_with_an_example_of_each_layout(tmp_path: Path) -> None:
    touch(tmp_path, "a/b/c.wav")
    with pytest.raises(UsageError, match=r"machine_type=fan/.*section_00_source_test.*--pattern"):
        list_archive(str(tmp_path))
    with pytest.raises(UsageError, match="fits --pattern"):
        list_archive(str(tmp_path), pattern="{machine_type}_{}.wav")


def test_an_archive_that_is_not_there_or_holds_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        list_archive(str(tmp_path / "none"))
    touch(tmp_path, "notes.txt")
    with pytest.raises(UsageError, match=r"no recording \(.wav"):
        list_archive(str(tmp_path))


def test_wrong_options_are_refused() -> None:
    with pytest.raises(UsageError, match="did you mean 'dcase'"):
        list_archive("archive", layout="dcas")
    with pytest.raises(UsageError, match="exclude each other"):
        list_archive("archive", layout="dcase", pattern="{machine_type}/{}.wav")


def test_names_that_are_no_utf8_can_be_listed_and_read(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/machine_type=l\xfcfter"
    os.mkdir(folder)
    with open(folder + b"/\xff 100%.wav", "wb") as file:
        file.write(b"sound")
    [clip] = list_archive(str(tmp_path)).clips.to_pylist()
    assert clip["machine_type"] == "l\ufffdfter" and read_clip(clip["uri"]) == b"sound"


def test_a_large_fleet_is_listed_whole_through_any_files() -> None:
    paths = [
        f"machine_type=fan/machine_id={i // 300:04}/date=2026-11-{i % 28 + 1:02}/20261119T031500_{i:06}.wav"
        for i in range(20_000)
    ]
    clips = list_files(FakeFiles(paths), "auto", None).clips
    assert len(clips) == len(set(clips["clip_id"].to_pylist())) == 20_000
    assert clips.group_by(["machine_type", "machine_id"]).aggregate([]).num_rows == 67


def test_a_store_inside_the_archive_is_not_listed(tmp_path: Path) -> None:
    touch(tmp_path, "machine_type=fan/a.wav", "out/store/reports/x.flac", "out/store/runs/x.json", "out/store2/b.wav")
    listing = list_archive(str(tmp_path), store=LocalFiles(tmp_path / "out/store"))
    assert (len(listing.clips), listing.of_store, len(listing.skipped), len(listing.unplaced)) == (2, 2, 0, 1)
    (tmp_path / "link").symlink_to(tmp_path / "out")
    assert list_archive(str(tmp_path / "out/.."), store=LocalFiles(tmp_path / "link/store")).of_store == 2
    assert list_archive(str(tmp_path), store=LocalFiles(tmp_path.parent / "store")).of_store == 0


def test_machines_of_one_name_under_several_folders_are_said(tmp_path: Path) -> None:
    sites = [f"site={site}/machine_type=pump/machine_id=01/a.wav" for site in ("berlin", "hamburg")]
    touch(tmp_path, *sites, "machine_type=fan/a.wav")
    assert list_archive(str(tmp_path)).namesakes == {("pump", "01"): ("site=berlin", "site=hamburg")}
    assert list_archive(str(tmp_path / "site=berlin")).namesakes == {}


def test_a_mimii_archive_is_recognised_and_split(tmp_path: Path) -> None:
    normal = [f"6_dB_fan/fan/id_00/normal/{number:08}.wav" for number in range(3)]
    touch(tmp_path, *normal, "6_dB_fan/fan/id_00/abnormal/00000000.wav")
    listing = list_archive(str(tmp_path))
    assert listing.layout == "mimii" and listing.notes()[0].startswith("1 of 3 normal recordings are held out")
    assert listing.clips["split"].to_pylist() == ["test", "test", "train", "train"]
    assert listing.clips["condition"].to_pylist() == ["anomalous", "normal", "normal", "normal"]


def test_nights_that_cross_midnight_begin_where_they_are_told_to(tmp_path: Path) -> None:
    touch(
        tmp_path, *(f"machine_type=fan/{stamp}.wav" for stamp in ("20261119_220000", "20261120_031500", "2026-11-20"))
    )
    (tmp_path / "list.csv").write_text(
        "path,machine_type,recorded_at\na.wav,fan,2026-11-19T22:00:00\nb.wav,fan,2026-11-20T03:15:00+09:00\n"
    )
    listing = list_archive(str(tmp_path), night_ends=time(12))
    assert listing.clips["date"].to_pylist() == ["2026-11-19", "2026-11-19", "2026-11-20"]
    assert listing.notes()[0].startswith("1 of 3 recordings tell no time") and "20.wav: they keep" in listing.notes()[0]
    assert list_archive(str(tmp_path)).clips["date"].to_pylist() == ["2026-11-19", "2026-11-20", "2026-11-20"]
    manifest = str(tmp_path / "list.csv")
    assert list_archive(manifest, night_ends=time(12)).clips["date"].to_pylist() == ["2026-11-19"] * 2
    assert list_archive(manifest).clips["date"].to_pylist() == ["2026-11-19", "2026-11-20"]


def test_a_remark_says_all_that_was_left_out_and_a_note_which_machines_may_be_several() -> None:
    empty = clips_table([], [], [], [])
    assert Listing(empty, "fleet").remark() == "(fleet layout)" and Listing(empty, "fleet").notes() == []
    full = Listing(empty, "dcase", ("a.txt",) * 3, 2, ("b.wav",), 4, {("fan", "00"): ("north", "")})
    assert full.remark() == (
        "(dcase layout); 2 listed twice, taken once; 1 of no known machine, such as b.wav; "
        "3 other files left out (3 .txt), such as a.txt; 4 files of the store in it left out"
    )
    assert "(names: 1; fan 00 is under north and the archive itself)" in full.notes()[0]


def test_recordings_of_every_ending_are_listed_and_those_that_cannot_be_decoded_are_named(tmp_path: Path) -> None:
    night = "machine_type=fan/machine_id=07/date=2026-11-19"
    touch(tmp_path, *(f"{night}/{name}" for name in ("a.wav", "b.AIFF", "c.w64", "d.opus", "e.caf", "f.m4a", "g.json")))
    touch(tmp_path, "memo.m4a")
    listing = list_archive(str(tmp_path))
    assert len(listing.clips) == 6 and listing.undecoded == [f"{night}/f.m4a"]
    assert listing.remark() == (
        f"(fleet layout); 2 other files left out (1 .json, 1 .m4a), such as {night}/g.json; "
        f"1 that cannot be decoded (1 .m4a), such as {night}/f.m4a: convert them to FLAC or WAV"
    )


def test_an_archive_of_no_audio_tells_what_is_in_it(tmp_path: Path) -> None:
    touch(tmp_path, "a/x.txt", "a/y.csv", "b/z.csv", ".git/x.wav")
    with pytest.raises(UsageError, match=r"3 other files \(2 \.csv, 1 \.txt\), such as a/y\.csv$"):
        list_archive(str(tmp_path))
    touch(tmp_path, "dev_data_fan.zip")
    with pytest.raises(UsageError, match="unpack them first"):
        list_archive(str(tmp_path))


def test_a_file_that_is_no_table_is_no_archive(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav")
    with pytest.raises(AsdError, match="cannot list .*a.wav: it is a file; name a folder of recordings, or a table"):
        list_archive(str(tmp_path / "a.wav"))


LEFT = ("._a.wav", "__MACOSX/b.wav", "$RECYCLE.BIN/deep/c.wav", ".snapshot/d.wav", ".snapshot/e/d.wav", ".DS_Store")


def test_files_of_systems_are_counted_and_their_folders_never_opened(tmp_path: Path) -> None:
    night = "machine_type=fan/machine_id=07/date=2026-11-19"
    touch(tmp_path, f"{night}/a.wav", *(f"{night}/{name}" for name in LEFT))
    touch(tmp_path, "lost+found/x.wav")
    (tmp_path / "lost+found").chmod(0)
    listing = list_archive(str(tmp_path))
    assert len(listing.clips) == 1 and not listing.skipped and len(listing.leftovers) == 6
    assert listing.remark().endswith("6 left by systems or tools not opened, such as lost+found/")


def test_files_of_systems_are_counted_on_s3_too(bucket: str) -> None:
    night = "machine_type=fan/machine_id=07/date=2026-11-19"
    files = open_files(bucket)
    for name in ("a.wav", "b.M4A", *LEFT):
        files.write(f"{night}/{name}", b"12")
    listing = list_archive(bucket)
    assert len(listing.clips) == 2 and len(listing.undecoded) == 1 and len(listing.leftovers) == 5
