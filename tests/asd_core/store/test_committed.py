import pytest

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.committed import committed_tables
from asd_core.store.local_files import LocalFiles
from asd_core.store.tables import CLIPS, to_parquet
from tests.stored_rows import rows

RECORD = {"run_id": "nightly-1"}


@pytest.fixture
def files(tmp_path):
    return LocalFiles(tmp_path)


def commit(files, path, ids):
    data = to_parquet(rows(CLIPS, ids))
    files.write(path, data)
    return {path: content_hash(data)}


def test_tables_come_in_the_order_of_the_record(files):
    checksums = commit(files, "b", ["x"]) | commit(files, "a", ["y"])
    assert [table["clip_id"].to_pylist() for table in committed_tables(files, RECORD, checksums)] == [["x"], ["y"]]
    assert next(committed_tables(files, RECORD, checksums, ["uri"])).column_names == ["uri"]


@pytest.mark.parametrize(("data", "said"), [(None, "gone from the store"), (b"other", "bytes have changed")])
def test_a_file_that_is_gone_or_changed_is_said_with_its_run(files, data, said):
    checksums = commit(files, "a", ["x"])
    (files.root / "a").unlink() if data is None else files.write("a", data)
    with pytest.raises(AsdError, match=f"nightly-1 names a.*{said}"):
        list(committed_tables(files, RECORD, checksums))
