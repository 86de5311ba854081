import pyarrow as pa

from asd_core.pipeline.embedded_rows import embedded_rows, machines_of
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.store.tables import EMBEDDINGS
from tests.asd_core.pipeline.committed import FINGERPRINT, commit


def test_clips_keep_their_order_and_those_without_an_embedding_say_why(tmp_path):
    store = Store(LocalFiles(tmp_path))
    lost, kept = commit(store, ["a"], count=2, shard="s"), commit(store, ["b"], count=2, shard="t")
    lost = lost.set_column(lost.column_names.index("shard"), "shard", pa.nulls(2, pa.string()))
    mixed = pa.concat_tables([kept, lost])
    transient = {mixed["clip_id"][2].as_py(): ("vanished", "it is not there")}
    rows = embedded_rows(store, FINGERPRINT, mixed, transient, {})
    assert rows.column_names == EMBEDDINGS.names and rows["clip_id"].to_pylist() == mixed["clip_id"].to_pylist()
    assert rows["error_reason"].to_pylist() == [None, None, "vanished", "not_embedded"]


def test_rows_sorted_by_machine_fall_into_whole_machines(tmp_path):
    clips = commit(Store(LocalFiles(tmp_path)), ["a", "b"], count=3)
    assert [(kind, name, len(part)) for kind, name, part in machines_of(clips)] == [("fan", "a", 3), ("fan", "b", 3)]


class CountsReads(LocalFiles):
    reads = 0

    def read(self, path):
        self.reads += path.startswith("embeddings")
        return super().read(path)


def test_machines_that_share_shards_open_each_of_them_once(tmp_path):
    store = Store(LocalFiles(tmp_path))
    nights = [f"2026-11-{day:02d}" for day in range(1, 15)]
    clips = pa.concat_tables([commit(store, "abcdefgh", 2, night, night) for night in nights])
    counting = Store(CountsReads(store.files.root))
    cache = {}
    for machine in "abcdefgh":
        part = clips.filter(pa.array([name == machine for name in clips["machine_id"].to_pylist()]))
        found = embedded_rows(counting, FINGERPRINT, part, {}, cache)
        assert found["embedding"].null_count == 0
    assert counting.files.reads == len(nights)
