import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from asd_core.errors import UsageError
from asd_core.runs.score_files import read_scores

FILES = ["section_00_source_train_normal_0001_a.wav", "section_01_target_test_anomaly_0002_b.wav"]


def written(place, **columns):
    if place.suffix == ".csv":
        rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
        place.write_text("\n".join(rows) + "\n")
    else:
        pq.write_table(pa.table(columns), place)
    return place


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_dcase_names_tell_machine_split_domain_and_condition(tmp_path, suffix):
    path = written(tmp_path / f"s{suffix}", file=FILES, machine_type=["fan"] * 2, anomaly_score=[0.25, 1e-9])
    clips, embeddings = read_scores(path, "mine")
    told = clips.select(["machine_id", "split", "domain", "condition", "attributes"]).to_pylist()
    assert [list(one.values()) for one in told] == [
        ["00", "train", "source", "normal", "a"],
        ["01", "test", "target", "anomalous", "b"],
    ]
    assert clips["uri"].to_pylist()[1] == f"import:fan/test/{FILES[1]}"
    np.testing.assert_allclose(embeddings.sum(axis=1, dtype=np.float64), [0.25, 1e-9], rtol=1e-14)


def test_columns_go_before_names(tmp_path):
    columns = {"uri": ["file:///x.wav"], "machine_type": ["fan"], "section": ["07"], "score": [1.0], "label": ["1"]}
    clips, _ = read_scores(written(tmp_path / "s.csv", **columns), "mine")
    (row,) = clips.to_pylist()
    assert (row["uri"], row["machine_id"], row["condition"]) == ("file:///x.wav", "07", "anomalous")


def test_two_systems_share_addresses_and_not_ids(tmp_path):
    systems = {"system": ["a", "b"], "path": [f"fan/test/{FILES[1]}"] * 2, "score": [1.0, 1.0]}
    path = written(tmp_path / "s.parquet", **systems)
    one, other = (read_scores(path, name, name)[0] for name in "ab")
    assert one["uri"] == other["uri"]
    assert one["clip_id"] != other["clip_id"]


@pytest.mark.parametrize(
    ("columns", "system", "line"),
    [
        ({"file": FILES}, None, "no column 'anomaly_score' or 'score'"),
        ({"score": [1]}, None, "no column 'uri' or 'path' or 'file'"),
        ({"file": FILES, "score": [1, "x"]}, None, "row 2 of .*: score = 'x' is no number"),
        ({"file": ["a.wav", ""], "score": [1, 2]}, None, "row 2 of .* has no file"),
        ({"file": ["a.wav", "a.wav"], "score": [1, 2]}, None, "names import:a.wav twice"),
        ({"file": FILES, "score": [1, 2], "system": ["a", "b"]}, None, "name one with --system: a, b"),
        ({"file": FILES, "score": [1, 2], "system": ["one", "two"]}, "ont", "no system 'ont'; did you mean 'one'"),
        ({"file": FILES, "score": [1, 2]}, "a", "no column 'system'"),
        ({"file": FILES, "score": [1, 2], "split": ["train", "x"]}, None, "row 2 of .*: split = 'x'"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path, columns, system, line):
    with pytest.raises(UsageError, match=line):
        read_scores(written(tmp_path / "s.csv", **columns), "mine", system)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "s.json").write_text("{}")
    with pytest.raises(UsageError, match=r"scores come as .csv or .parquet"):
        read_scores(tmp_path / "s.json", "mine")
    (tmp_path / "s.parquet").write_text("{}")
    with pytest.raises(UsageError, match="cannot read scores from"):
        read_scores(tmp_path / "s.parquet", "mine")


def test_a_known_column_of_structs_is_named_however_its_name_is_written(tmp_path):
    path = written(tmp_path / "s.parquet", path=FILES, score=[0.1, 0.2], **{"Date ": [{"a": 1}] * 2})
    with pytest.raises(UsageError, match="the column 'date' holds struct<"):
        read_scores(path, "mine")
