import numpy as np
import pytest
import soundfile

from asd_core.encoders.build import EncoderConfig
from asd_core.errors import AsdError
from asd_core.pipeline.planning import cut_shards
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from cluster.crashing_clips import halves
from cluster.engine import RayEngine
from cluster.resources import Resources
from tests.asd_core.pipeline.test_embedding import clips


def shards_of(folder, loud, count=40, kind="KilledByLoudClips"):
    """Shards of so many clips of noise, of which some are loud."""
    for i in range(count):
        noise = np.random.default_rng(i).uniform(-0.5, 0.5, 1600)
        soundfile.write(folder / f"{i}.wav", noise + (0.49 if i in loud else 0), 16_000)
    uris = [LocalFiles(folder).uri(f"{i}.wav") for i in range(count)]
    config = EncoderConfig(kind=f"tests.cluster.killers:{kind}", batch_size=1)
    return cut_shards(clips(uris), config, "f", workers=1)


def rows(store):
    found = {}
    for info in store.files.list("embeddings/f/shards"):
        for row in store.read_shard("f", info.path.split("/")[-1].removesuffix(".parquet")).to_pylist():
            assert row["clip_id"] not in found
            found[row["clip_id"]] = row
    return found


@pytest.mark.parametrize("decode", ["in-encoder", pytest.param("tasks", marks=pytest.mark.slow)])
def test_a_clip_that_kills_its_process_is_one_error_row_and_no_good_clip_is_blamed(ray_session, tmp_path, decode):
    store, shards = Store(LocalFiles(tmp_path / "store")), shards_of(tmp_path, loud={7})
    committed = list(RayEngine(Resources(decode=decode)).embed(store.files.url, shards))
    found = rows(store)
    assert len(found) == sum(len(shard.clips) for shard, _ in committed) == 40
    errors = {row["uri"].rsplit("/")[-1]: row["error_reason"] for row in found.values() if row["error_reason"]}
    assert errors == {"7.wav": "crashed"}
    assert [reason for _, outcome in committed for reason in outcome.errors.values()] == ["crashed"]


@pytest.mark.filterwarnings("ignore:The minimum number of concurrent actors")
@pytest.mark.slow
def test_decoders_that_die_again_and_again_end_the_pass_and_blame_no_clip(ray_session, tmp_path):
    store, shards = Store(LocalFiles(tmp_path / "store")), shards_of(tmp_path, set(), count=20, kind="KillsDecoders")
    list(RayEngine(Resources(decode="tasks")).embed(store.files.url, shards))
    found = rows(store)
    assert len(found) == 20 and not [row for row in found.values() if row["error_reason"]]


def test_an_encoder_that_raises_is_said_at_once_and_blames_no_clip(ray_session, tmp_path):
    store, shards = Store(LocalFiles(tmp_path / "store")), shards_of(tmp_path, loud=set(), kind="Fails")
    with pytest.raises(AsdError, match="an encoder failed: weights do not fit"):
        list(RayEngine().embed(store.files.url, shards))
    assert rows(store) == {}


def test_the_halves_of_a_shard_hold_its_clips_under_names_of_their_own(tmp_path):
    (shard,) = cut_shards(clips(["a", "b", "c"]), EncoderConfig(), "f")
    first, second = halves(shard)
    assert [first.clips["uri"].to_pylist(), second.clips["uri"].to_pylist()] == [["a"], ["b", "c"]]
    assert len({shard.name, first.name, second.name}) == 3
