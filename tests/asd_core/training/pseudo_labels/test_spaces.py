import pytest
import soundfile

from asd_core.encoders.build import new_encoder
from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.training.pseudo_labels.spaces import EmbeddedSpace
from tests.fleet import clip_path, listed, write_fleet

KNN = load_recipe("twfr-knn")


def space(tmp_path, recipe=KNN):
    root, store = write_fleet(tmp_path / "archive", machines=("00",)), Store(LocalFiles(tmp_path / "store"))
    clip_path(root, "00", "2026-11-01", 0).write_bytes(b"")
    clips = listed(root)
    return clips, EmbeddedSpace(store, embed(store, recipe.encoders_of(clips), clips, LocalEngine()))


def test_stored_embeddings_are_a_space_and_unreadable_clips_keep_their_reason(tmp_path):
    clips, found = space(tmp_path)
    placed = found.of_machine(clips)
    assert placed.embeddings.shape == (11, 128) and placed.clips.num_rows == 11
    assert placed.left_out["error_reason"].to_pylist() == ["empty"]


def test_a_recording_is_placed_at_the_mean_of_its_segments(tmp_path):
    segmented = KNN.with_settings({"encoder.clip_rule": "segments", "encoder.clip_seconds": 0.5})
    clips, found = space(tmp_path, segmented)
    placed = found.of_machine(clips)
    encoder = new_encoder(segmented.for_machine("fan").encoder)
    waveform, _ = soundfile.read(clip_path(tmp_path / "archive", "00", "2026-11-01", 1), dtype="float32")
    assert placed.embeddings.shape == (11, 128) and len(placed.left_out) == 1
    assert placed.embeddings[0] == pytest.approx(encoder.embed(waveform.reshape(2, 8000)).mean(axis=0), rel=1e-5)
