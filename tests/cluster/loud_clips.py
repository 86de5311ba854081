"""Shards of noise of which some clips kill their process, and the rows that became of them."""

import numpy as np
import soundfile

from asd_core.encoders.config import EncoderConfig
from asd_core.pipeline.planning import cut_shards
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pipeline.clips import clips


def shards_of(folder, loud, count=40, kind="KilledByLoudClips", options="{}"):
    """Shards of so many clips of noise, of which some are loud."""
    for i in range(count):
        noise = np.random.default_rng(i).uniform(-0.5, 0.5, 1600)
        soundfile.write(folder / f"{i}.wav", noise + (0.49 if i in loud else 0), 16_000)
    uris = [LocalFiles(folder).uri(f"{i}.wav") for i in range(count)]
    config = EncoderConfig(kind=f"tests.cluster.killers:{kind}", batch_size=1, options=options)
    return cut_shards(clips(uris), config, "f", workers=1)


def rows(store):
    found = {}
    for info in store.files.list("embeddings/f/shards"):
        for row in store.read_shard("f", info.path.split("/")[-1].removesuffix(".parquet")).to_pylist():
            assert row["clip_id"] not in found
            found[row["clip_id"]] = row
    return found
