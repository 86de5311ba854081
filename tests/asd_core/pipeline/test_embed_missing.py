from asd_core.encoders.build import embeddings_fingerprint, encoder_config
from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.engine import LocalEngine
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import NIGHTS, clip_path, listed, write_fleet, write_wav


def test_each_machine_type_is_embedded_by_its_own_encoder_and_nothing_twice(tmp_path):
    archive, store = write_fleet(tmp_path / "archive", machines=["00"], dates=NIGHTS[:1]), Store(LocalFiles(tmp_path))
    for number in range(2):
        write_wav(clip_path(archive, "00", NIGHTS[0], number, "pump"), seed=number)
        write_wav(clip_path(archive, "00", NIGHTS[0], number, "valve"), seed=9 + number)
    mean, loudest = encoder_config({"r": 1.0}), encoder_config({"r": 0.0})
    encoders = {"fan": mean, "pump": loudest, "valve": mean}
    first = embed(store, encoders, listed(archive), LocalEngine())
    assert first.fingerprints == {kind: embeddings_fingerprint(encoder) for kind, encoder in encoders.items()}
    assert (first.decoded, first.clips["shard"].null_count) == (8, 0)
    assert len(store.embedded(first.fingerprints["fan"])) == 6
    again = embed(store, encoders, listed(archive), LocalEngine())
    assert again.decoded == 0 and again.clips.sort_by("clip_id") == first.clips.sort_by("clip_id")


def test_imported_embeddings_are_looked_up_and_never_made(tmp_path):
    archive, store = write_fleet(tmp_path / "archive", machines=["00"], dates=NIGHTS[:1]), Store(LocalFiles(tmp_path))
    imported = encoder_config({"kind": "imported", "name": "elsewhere"})
    found = embed(store, {"fan": imported}, listed(archive), LocalEngine())
    assert (found.decoded, found.clips["shard"].null_count) == (0, 4)
