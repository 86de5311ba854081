import pyarrow as pa

from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store, open_store
from asd_core.store.tables import CLIPS
from tests.stored_rows import rows


def test_a_store_is_a_folder_that_is_made_when_something_is_written(tmp_path):
    store = open_store(str(tmp_path / "deep/store"))
    assert store.runs() == [] and store.imported_names() == {} and not (tmp_path / "deep").exists()
    store.write_imported_names({"here": {"embedding_dim": 4}})
    assert Store(LocalFiles(tmp_path / "deep/store")).imported_names() == {"here": {"embedding_dim": 4}}


def test_a_manifest_is_kept_with_its_run(tmp_path):
    store = Store(LocalFiles(tmp_path))
    path = store.write_clips("r", rows(CLIPS, ["a"]))
    assert pa.parquet.read_table(tmp_path / path).schema.names == CLIPS.names
