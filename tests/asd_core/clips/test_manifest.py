from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from asd_core.audio.decoding import read_clip
from asd_core.clips.archive import Listing, list_archive
from asd_core.errors import ClipError, UsageError
from asd_core.store.tables import CLIPS


def csv(folder: Path, text: str) -> Listing:
    (folder / "list.csv").write_text(text, encoding="utf-8")
    return list_archive(str(folder / "list.csv"))


def rows(listing: Listing, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(listing.clips[name].to_pylist() for name in names), strict=True))


def test_paths_are_relative_to_the_manifest_and_text_stays_text(tmp_path: Path) -> None:
    (tmp_path / "a b.wav").write_bytes(b"123")
    listing = csv(tmp_path, "path,machine_type,machine_id,date\na b.wav,fan,07,20261119\n")
    assert listing.layout == "manifest" and listing.clips.schema == CLIPS
    expected = ((tmp_path / "a b.wav").as_uri(), "07", "2026-11-19", 3, '{"path": "a b.wav"}')
    assert rows(listing, "uri", "machine_id", "date", "size", "extra") == [expected]
    assert read_clip(expected[0]) == b"123"


def test_an_address_or_an_absolute_path_names_the_same_file_as_a_relative_one(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"1")
    listing = csv(tmp_path, f"path,machine_type\nx.wav,fan\n./sub/../x.wav,fan\n{tmp_path}/x.wav,pump\n")
    assert rows(listing, "machine_type") == [("fan",)] and listing.duplicates == 2
    listing = csv(tmp_path, f"uri,machine_type\n{(tmp_path / 'x.wav').as_uri()},fan\n")
    assert rows(listing, "machine_type", "machine_id", "size") == [("fan", "00", 1)]


def test_a_file_that_is_not_there_stays_a_row_that_reads_as_vanished(tmp_path: Path) -> None:
    listing = csv(tmp_path, "path,machine_type\ngone.wav,fan\n")
    [(uri, size)] = rows(listing, "uri", "size")
    with pytest.raises(ClipError) as caught:
        read_clip(uri)
    assert size == 0 and caught.value.reason == "vanished"


@pytest.mark.parametrize("uri", ["file:///a%00b.wav", "file:///" + "x" * 5000, "file:///%ff.wav"])
def test_a_name_that_no_file_can_have_stays_a_row_too(tmp_path: Path, uri: str) -> None:
    [(found, size)] = rows(csv(tmp_path, f"uri,machine_type\n{uri},fan\n"), "uri", "size")
    with pytest.raises(ClipError):
        read_clip(found)
    assert size == 0


def test_labels_have_a_few_synonyms(tmp_path: Path) -> None:
    labels = ["normal", "anomalous", "anomaly", "0", "1", "", "Normal"]
    listing = csv(tmp_path, "path,machine_type,label\n" + "".join(f"{i}.wav,fan,{x}\n" for i, x in enumerate(labels)))
    expected = ["normal", "anomalous", "anomalous", "normal", "anomalous", "", "normal"]
    assert [condition for _, condition in rows(listing, "uri", "condition")] == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("path,machine_type,label\na.wav,fan,normal\nb.wav,fan,broken\n", "row 2 .*label 'broken' is not known|row 2"),
        ("path,machine_type,split\na.wav,fan,dev\n", "row 1 .*split 'dev'"),
        ("path,machine_type,date\na.wav,fan,19.11.2026\n", "row 1 .*date '19.11.2026'"),
        ("path,machine_type,recorded_at\na.wav,fan,soon\n", "row 1 .*recorded_at 'soon'"),
        ("path,machine_type,extra\na.wav,fan,[1]\n", "row 1 .*extra"),
        ("path,machine_type,extra\na.wav,fan," + "[" * 5000 + "\n", "row 1 .*extra"),
        ('path,machine_type,extra\na.wav,fan,"{""a"": ""\\ud800""}"\n', "row 1 .*extra"),
        ("path,machine_typ\na.wav,fan\n", "did you mean 'machine_typ'"),
        ("file,machine_type\na.wav,fan\n", "neither a column 'path' nor 'uri'"),
        ("path,machine_type\n,fan\n", "row 1 .*names no file"),
        ("uri,machine_type\nftp://b/a.wav,fan\n", "row 1 .*ftp://"),
        ("path,machine_type\n", "lists no recording"),
        ("path,machine_type\na,b,c\n", "cannot read the manifest"),
        ("path,machine_type,path\na,b,c\n", "twice"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_row(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        csv(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_manifest_that_is_not_there_or_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        list_archive(str(tmp_path / "none.csv"))
    (tmp_path / "bad.parquet").write_bytes(b"not parquet")
    with pytest.raises(UsageError, match="cannot read the manifest"):
        list_archive(str(tmp_path / "bad.parquet"))


def test_further_columns_are_kept_as_json(tmp_path: Path) -> None:
    listing = csv(tmp_path, 'path,machine_type,fault,note\na.wav,fan,squeal,"two ""lines"""\n')
    [(extra,)] = rows(listing, "extra")
    assert json.loads(extra) == {"path": "a.wav", "fault": "squeal", "note": 'two "lines"'}


def test_a_machine_left_empty_is_unplaced_and_counted(tmp_path: Path) -> None:
    listing = csv(tmp_path, "path,machine_type,machine_id\na.wav,,07\nb.wav,fan,\nc.wav,fan,1\n")
    assert len(listing.unplaced) == 2
    assert set(rows(listing, "machine_type", "machine_id")) == {("unplaced", "07"), ("fan", "unplaced"), ("fan", "1")}


def test_the_date_comes_from_the_time_where_it_is_not_given(tmp_path: Path) -> None:
    listing = csv(
        tmp_path,
        "path,machine_type,date,recorded_at\na.wav,fan,,2026-11-19T03:15:00\nb.wav,fan,,\nc.wav,fan,2026-11-01,\n",
    )
    moment = datetime(2026, 11, 19, 3, 15, tzinfo=UTC)
    assert rows(listing, "date", "recorded_at") == [("2026-11-01", None), ("2026-11-19", moment), ("undated", None)]


def test_parquet_has_types_of_its_own(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 19, 3, 15, tzinfo=UTC)
    table = pa.table(
        {
            "path": ["a.wav"],
            "machine_type": ["fan"],
            "machine_id": [7],
            "date": [moment.date()],
            "recorded_at": [moment],
        }
    )
    pq.write_table(table.append_column("load", pa.array([0.5])), tmp_path / "list.parquet")
    listing = list_archive((tmp_path / "list.parquet").as_uri())
    expected = ("7", "2026-11-19", moment, '{"path": "a.wav", "load": 0.5}')
    assert rows(listing, "machine_id", "date", "recorded_at", "extra") == [expected]


def test_a_clips_table_is_a_manifest_of_itself(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"1")
    listing = csv(
        tmp_path, "path,machine_type,fault,recorded_at\na.wav,fan,squeal,2026-11-19T03:15:00\ngone.wav,fan,,\n"
    )
    pq.write_table(listing.clips, tmp_path / "clips.parquet")
    assert list_archive(str(tmp_path / "clips.parquet")).clips.equals(listing.clips)


def test_a_layout_or_a_pattern_of_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names its machines itself"):
        list_archive(str(tmp_path / "list.csv"), layout="dcase")


def test_a_time_with_a_zone_is_of_its_own_date_and_kept_in_utc(tmp_path: Path) -> None:
    header, text = "path,machine_type,recorded_at", "2026-11-19T00:30:00+01:00"
    instant = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    assert rows(csv(tmp_path, f"{header}\na.wav,fan,{text}\n"), "date", "recorded_at") == [("2026-11-19", instant)]
    berlin = pa.array([instant], pa.timestamp("us", tz="Europe/Berlin"))
    pq.write_table(pa.table({"path": ["a"], "machine_type": ["fan"], "recorded_at": berlin}), tmp_path / "list.parquet")
    assert rows(list_archive(str(tmp_path / "list.parquet")), "date", "recorded_at") == [("2026-11-19", instant)]


def test_truth_values_and_numbers_of_pandas_are_conditions(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,machine_type,label\na.wav,fan,0.0\nb.wav,fan,1.0\nc.wav,fan,\n")
    assert rows(list_archive(str(tmp_path / "list.csv")), "condition") == [("normal",), ("anomalous",), ("",)]
    for labels in ([False, True, None], [0.0, 1.0, None], [0, 1, None]):
        table = pa.table({"path": ["a.wav", "b.wav", "c.wav"], "machine_type": ["fan"] * 3, "label": labels})
        pq.write_table(table, tmp_path / "list.parquet")
        listing = list_archive(str(tmp_path / "list.parquet"))
        assert rows(listing, "condition") == [("normal",), ("anomalous",), ("",)]


def test_a_date_with_a_time_gives_both(tmp_path: Path) -> None:
    text = "path,machine_type,date\na.wav,fan,2026-11-01 03:15:00\nb.wav,fan,2026-11-02T00:00:00Z\n"
    moments = [datetime(2026, 11, 1, 3, 15, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)]
    expected = [("2026-11-01", moments[0]), ("2026-11-02", moments[1])]
    assert rows(csv(tmp_path, text), "date", "recorded_at") == expected
    table = pa.table({"path": ["a.wav", "b.wav"], "machine_type": ["fan"] * 2, "date": moments})
    pq.write_table(table, tmp_path / "list.parquet")
    assert rows(list_archive(str(tmp_path / "list.parquet")), "date", "recorded_at") == expected


def test_a_column_of_days_written_as_timestamps_tells_no_times(tmp_path: Path) -> None:
    days = pa.array([datetime(2026, 11, 1), datetime(2026, 11, 2)], pa.timestamp("ns"))
    table = pa.table({"path": ["a.wav", "b.wav"], "machine_type": ["fan"] * 2, "date": days})
    pq.write_table(table.append_column("label", pa.array([False, True])), tmp_path / "list.parquet")
    found = rows(list_archive(str(tmp_path / "list.parquet")), "date", "recorded_at", "condition")
    assert found == [("2026-11-01", None, "normal"), ("2026-11-02", None, "anomalous")]


def test_empty_rows_are_no_recordings_and_no_repetitions(tmp_path: Path) -> None:
    listing = csv(tmp_path, "path;machine_type\n\na.wav;fan\n;\nb.wav;fan\n;\n;\n")
    assert (len(listing.clips), listing.duplicates) == (2, 0)
    with pytest.raises(UsageError, match="row 2 of .* names no file"):
        csv(tmp_path, "path;machine_type\n;\n;fan\n")


def test_audio_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    listing = csv(tmp_path, "path,machine_type\na.wav,fan\nb.M4A,fan\n")
    assert len(listing.clips) == 2 and listing.undecoded == [(tmp_path / "b.M4A").as_uri()]


def test_a_table_from_windows_is_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "fan").mkdir()
    (tmp_path / "fan" / "L\u00fcfter.wav").write_bytes(b"123")
    text = "Path\tMachine Type\tDate\r\nfan\\L\u00fcfter.wav\tfan\t2026-11-01\r\n"
    (tmp_path / "list.txt").write_bytes(text.encode("utf-16"))
    found = rows(list_archive(str(tmp_path / "list.txt")), "machine_type", "date", "size", "extra")
    assert found == [("fan", "2026-11-01", 3, '{"path": "fan\\\\L\u00fcfter.wav"}')]
