import pyarrow as pa
import pytest

from asd_core.errors import AsdError, UsageError
from asd_core.store.local_files import LocalFiles
from asd_core.store.pseudo_label_tables import (
    PSEUDO_LABELS,
    labels_by_clip,
    pseudo_label_names,
    read_pseudo_labels,
    write_pseudo_labels,
)

ROW = {
    "clip_id": "1",
    "uri": "file:///a.wav",
    "machine_type": "fan",
    "machine_id": "00",
    "domain": "source",
    "attributes": "",
    "pseudo_label": "fan 00 source 0",
    "x": 0.5,
    "y": -1.0,
    "is_fitted_on": True,
    "error_reason": None,
    "method": "space twfr",
}


def rows(**changes):
    return pa.Table.from_pylist([ROW | changes], PSEUDO_LABELS)


def test_what_was_written_last_under_a_name_is_read(tmp_path):
    files = LocalFiles(tmp_path)
    for label in ("one", "two"):
        write_pseudo_labels(files, "a/b", rows(pseudo_label=label), {"words": label})
    found, made = read_pseudo_labels(files, "a/b")
    assert found == rows(pseudo_label="two") and (made["words"], made["name"]) == ("two", "a/b")
    assert pseudo_label_names(files) == ["a/b"]


def test_an_unknown_name_is_told_with_those_that_are_known(tmp_path):
    files = LocalFiles(tmp_path)
    with pytest.raises(UsageError, match="no pseudo-labels 'kinds': make them with asd pseudo-label --as kinds"):
        read_pseudo_labels(files, "kinds")
    write_pseudo_labels(files, "kinds", rows(), {})
    with pytest.raises(UsageError, match="no pseudo-labels 'kind'; did you mean .kinds"):
        read_pseudo_labels(files, "kind")


def test_a_broken_table_is_told(tmp_path):
    files = LocalFiles(tmp_path)
    write_pseudo_labels(files, "kinds", rows(), {})
    (path,) = tmp_path.glob("pseudo_labels/kinds/*.parquet")
    path.write_bytes(b"cut")
    with pytest.raises(AsdError, match="gone or broken: make the pseudo-labels again"):
        read_pseudo_labels(files, "kinds")


def test_labels_come_by_clip_with_what_must_be_said_of_them(tmp_path):
    files = LocalFiles(tmp_path)
    table = pa.concat_tables([rows(), rows(clip_id="2", pseudo_label=None)])
    write_pseudo_labels(files, "kinds", table, {"words": "space clap", "notes": ["random weights"]})
    assert labels_by_clip(files, "kinds") == (
        {"1": "fan 00 source 0"},
        ["pseudo-labels kinds: space clap", "random weights"],
    )
