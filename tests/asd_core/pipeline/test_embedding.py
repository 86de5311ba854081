import io

import numpy as np
import soundfile

from asd_core.encoders.config import EncoderConfig
from asd_core.encoders.twfr import TwfrEncoder
from asd_core.errors import ClipError
from asd_core.pipeline.decoding import DecodedClip
from asd_core.pipeline.embedding import ShardEmbedder, shard_table
from asd_core.pipeline.shards import Shard
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.clips import clips, wav


def test_a_shards_rows_are_its_clips_less_those_to_be_tried_again():
    shard = Shard("s", clips(["a", "b", "c"]), EncoderConfig(), "f")
    outcomes = [np.ones(2, np.float32), ClipError("empty", "zero bytes"), ClipError("vanished", "gone", transient=True)]
    table, transient = shard_table(shard, [DecodedClip(None)] * 3, outcomes, 2)
    assert table["uri"].to_pylist() == ["a", "b"]
    assert table["embedding"].to_pylist() == [[1.0, 1.0], None]
    assert table["error_reason"].to_pylist() == [None, "empty"]
    assert transient == {f"{2:032x}": ("vanished", "gone")}


def test_a_shard_on_disk_is_committed_whole_and_the_first_commit_wins(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(1))
    uris = [LocalFiles(tmp_path).uri(name) for name in ("a.wav", "b.wav")]
    shard = Shard("s", clips(uris), EncoderConfig(), "f")
    store = Store(LocalFiles(tmp_path / "store"))
    outcome = ShardEmbedder(store.files.url)(shard)
    rows = store.read_shard("f", "s")
    assert list(outcome.transient.values())[0][0] == "vanished" and outcome.errors == {}
    samples = soundfile.read(io.BytesIO(wav(1)), dtype="float32")[0]
    np.testing.assert_array_equal(rows["embedding"][0].as_py(), TwfrEncoder().embed(samples[None])[0])
    before = (tmp_path / "store/embeddings/f/shards/s.parquet").stat().st_mtime_ns
    ShardEmbedder(store.files.url)(shard)
    assert (tmp_path / "store/embeddings/f/shards/s.parquet").stat().st_mtime_ns == before
