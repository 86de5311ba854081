"""Shards of twelve clips of noise that no process dies of, and the rows that became of them."""

import numpy as np
import soundfile

from asd_core.encoders.config import EncoderConfig
from asd_core.pipeline.planning import cut_shards
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pipeline.clips import clips


def shards_of(folder, workers):
    """Shards of twelve clips, one of them empty and one gone."""
    names = [f"{i}.wav" for i in range(10)]
    for i, name in enumerate(names):
        soundfile.write(folder / name, np.random.default_rng(i).normal(0, 0.1, 16_000), 16_000)
    (folder / "empty.wav").write_bytes(b"")
    uris = [LocalFiles(folder).uri(name) for name in [*names, "empty.wav", "gone.wav"]]
    return cut_shards(clips(uris), EncoderConfig(options='{"r": 0.9}'), "f", workers)


def rows(store):
    found = {}
    for info in store.files.list("embeddings/f/shards"):
        shard = info.path.split("/")[-1].removesuffix(".parquet")
        found |= {row["clip_id"]: row for row in store.read_shard("f", shard).to_pylist()}
    return found
