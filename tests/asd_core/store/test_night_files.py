import io

import duckdb
import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from asd_core.clips.archive import list_archive
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.score import score
from asd_core.store.addresses import open_files
from asd_core.store.local_files import LocalFiles
from asd_core.store.night_files import night_bytes, night_groups, night_rows
from asd_core.store.run_records import RunEntry
from asd_core.store.store import Store
from asd_core.store.tables import NIGHT, SCORES, to_parquet
from tests.asd_core.store.odd_names import NAMES
from tests.fleet import KNN
from tests.stored_rows import rows

FIRST, SECOND = (RunEntry(f"2026-11-0{n}", f"r{n}", "score", "key", "2026-11-01", "2026-11-01") for n in (1, 2))


def scored(ids, value):
    return rows(SCORES, ids, anomaly_score=[value] * len(ids))


def test_of_a_clip_in_several_parts_the_first_row_is_kept():
    data = night_bytes([scored(["a", "b"], 2.0), scored(["b", "c", "c"], 1.0)], [SECOND, FIRST])
    read = night_rows(data, [FIRST, SECOND], ["clip_id", "anomaly_score"])
    assert read.to_pydict() == {"clip_id": ["a", "b", "c"], "anomaly_score": [2.0, 2.0, 1.0]}


def test_a_file_is_trusted_only_as_made_of_just_these_runs():
    data = night_bytes([scored(["a"], 1.0)], [FIRST])
    assert night_rows(data, [FIRST], SCORES.names).schema == SCORES
    assert night_rows(data, [FIRST, SECOND], SCORES.names) is None
    for broken in (b"", data[:-5], data[:40] + b"\x00" * 60 + data[100:], to_parquet(scored(["a"], 1.0))):
        assert night_rows(broken, [FIRST], SCORES.names) is None


def test_a_night_without_rows_is_a_file_all_the_same():
    assert pq.read_table(io.BytesIO(night_bytes([], [FIRST]))).schema.equals(NIGHT)


def test_a_large_night_is_written_piece_by_piece_and_read_as_one():
    parts = [scored([f"{part}-{row}" for row in range(1000)], float(part)) for part in range(150)]
    data = night_bytes(iter(parts), [FIRST])
    file = pq.ParquetFile(io.BytesIO(data))
    assert file.metadata.num_row_groups == 3 and file.metadata.num_rows == 150_000
    assert night_rows(data, [FIRST], SCORES.names) == pa.concat_tables(parts).combine_chunks()
    pieces = [read(["clip_id", "path"]) for read in night_groups(data, [FIRST])]
    assert [len(piece) for piece in pieces] == [66_000, 66_000, 18_000]
    assert pa.concat_tables(pieces)["clip_id"].combine_chunks() == pa.concat_tables(parts)["clip_id"].combine_chunks()
    assert night_groups(data, [SECOND]) is None and night_groups(data[:-5], [FIRST]) is None


def recording():
    data = io.BytesIO()
    soundfile.write(data, np.random.default_rng(0).normal(0, 0.1, 8000), 16_000, format="WAV")
    return data.getvalue()


def scores_of(files, listed, store):
    """Scores of a manifest beside recordings of those names, in a file of a night that is read from outside."""
    for name in NAMES:
        files.write(name, recording())
    manifest = pandas.DataFrame({"path": listed, "machine_type": "fan", "line": range(len(listed))})
    files.write("list.csv", manifest.to_csv(index=False).encode())
    clips = list_archive(f"{plain(files)}/list.csv").clips
    score(store, KNN, clips, LocalEngine())
    return manifest, store.files.root / "scores" / KNN.key()


def plain(files):
    return str(files.root) if isinstance(files, LocalFiles) else files.url


def assert_they_join(manifest, folder):
    joined = pandas.read_parquet(folder).merge(manifest[["path", "line"]], on="path")
    assert sorted(joined["line"]) == list(range(len(NAMES))) and joined["error_reason"].eq("no_scorer").all()
    found = duckdb.sql(f"select line from read_parquet('{folder}/*.parquet') join manifest using (path) order by line")
    assert found.fetchall() == [(line,) for line in range(len(NAMES))]


@pytest.mark.parametrize("written", ["{}", "./{}", "<folder>/{}"])
def test_scores_join_a_manifest_by_the_paths_that_it_has(tmp_path, written):
    names = [written.replace("<folder>", f"{tmp_path}/clips").format(name) for name in NAMES]
    assert_they_join(*scores_of(LocalFiles(tmp_path / "clips"), names, Store(LocalFiles(tmp_path / "store"))))


@pytest.mark.parametrize("written", ["{}", "<folder>/{}"])
def test_scores_of_a_bucket_join_its_manifest(tmp_path, bucket, written):
    files = open_files(f"{bucket}/my%20clips")
    names = [written.format(name) if written == "{}" else files.uri(name) for name in NAMES]
    assert_they_join(*scores_of(files, names, Store(LocalFiles(tmp_path / "store"))))


def test_without_a_manifest_the_path_is_the_files_own(tmp_path):
    files = LocalFiles(tmp_path / "clips")
    for name in NAMES:
        files.write(f"machine_type=fan/machine_id=0 ä/date=2026-11-01/{name.replace('/', '-')}", recording())
    store = Store(LocalFiles(tmp_path / "store"))
    score(store, KNN, list_archive(str(files.root)).clips, LocalEngine())
    paths = pandas.read_parquet(store.files.root / "scores" / KNN.key())["path"]
    assert sorted(paths) == sorted(str(path) for path in files.root.rglob("*.wav"))
