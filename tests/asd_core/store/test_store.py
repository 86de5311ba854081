from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from asd_core.errors import AsdError
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store, open_store
from asd_core.store.tables import CLIPS
from tests.stored_rows import rows


def test_a_store_is_a_folder_that_is_made_when_something_is_written(tmp_path):
    store = open_store(str(tmp_path / "deep/store"))
    assert store.runs() == [] and store.encoder_names() == {} and not (tmp_path / "deep").exists()
    store.name_encoder("here", {"embedding_dim": 4})
    assert Store(LocalFiles(tmp_path / "deep/store")).encoder_names() == {"here": {"embedding_dim": 4}}


def test_names_that_are_given_at_the_same_time_are_all_kept(tmp_path):
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda name: open_store(str(tmp_path)).name_encoder(name, {"kind": "imported"}), "abc"))
    assert open_store(str(tmp_path)).encoder_names().keys() == set("abc")


def test_a_manifest_is_kept_with_its_run(tmp_path):
    store = Store(LocalFiles(tmp_path))
    path = store.write_clips("r", rows(CLIPS, ["a"]))
    assert pa.parquet.read_table(tmp_path / path).schema.names == CLIPS.names


def test_a_manifest_is_read_where_a_run_has_one(tmp_path):
    store, clips = Store(LocalFiles(tmp_path)), rows(CLIPS, ["a", "b"])
    record = {"clips": store.write_clips("r", clips)}
    assert store.read_clips(record).equals(clips.select(["uri", "clip_id"]))
    assert store.read_clips({}) is store.read_clips({"clips": "clips/gone.parquet"}) is None
    (tmp_path / record["clips"]).write_bytes(b"PAR1")
    with pytest.raises(AsdError, match="clips/r.parquet in the store is broken: restore it"):
        store.read_clips(record)


def test_a_name_stays_as_it_is_where_what_it_stands_for_is_refused(tmp_path):
    store = open_store(str(tmp_path))
    store.name_encoder("a", {"kind": "imported"})

    def refuse(description):
        raise AsdError(f"it is {description['kind']}")

    with pytest.raises(AsdError, match="it is imported"):
        store.name_encoder("a", {"kind": "multires"}, refuse)
    assert store.encoder_names() == {"a": {"kind": "imported"}} and not store.files.list("locks")
