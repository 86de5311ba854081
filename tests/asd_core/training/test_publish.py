import numpy as np
import pytest

from asd_core.encoders.build import encoder_config, new_encoder
from asd_core.encoders.checkpoint_files import read_trained, trained_table
from asd_core.errors import UsageError
from asd_core.store.store import open_store
from asd_core.store.tables import from_parquet
from asd_core.training.checkpoints import Checkpoints
from asd_core.training.job import decoded_here, run_job
from asd_core.training.publish import check_free, point_to, publish, under_way
from tests.asd_core.training.jobs import job_in


def test_a_published_encoder_is_found_by_its_name_and_embeds(tmp_path):
    job, store = job_in(tmp_path), open_store(str(tmp_path / "store"))
    done = run_job(job, decoded_here)
    checkpoints = Checkpoints(job.store_url, job.folder)
    folder, trained = publish(store, "own", job.table, job.config, ("a", "b"), checkpoints, done)
    fingerprint = point_to(store, "own", folder, trained)
    entry = store.encoder_names()["own"]
    assert (entry["folder"], entry["fingerprint"], entry["embedding_dim"]) == (folder, fingerprint, 8)
    assert folder == f"trained/own/{trained.digest}" and trained.classes == ("a", "b")
    assert read_trained(f"{store.files.url}/{folder}") == trained
    history = from_parquet(store.files.read(f"{folder}/history.parquet"))
    assert history["step"].to_pylist() == [1, 2, 3, 4]
    encoder = new_encoder(encoder_config(trained_table(f"{store.files.url}/{folder}")))
    assert encoder.embed(np.ones((2, 16_000), np.float32)).shape == (2, 8)
    check_free(store, "own")


def test_a_name_of_imported_embeddings_or_no_name_of_a_folder_is_refused(tmp_path):
    store = open_store(str(tmp_path))
    store.name_encoder("old", {"kind": "imported"})
    with pytest.raises(UsageError, match="--as old: the store has imported embeddings of that name"):
        check_free(store, "old")
    with pytest.raises(UsageError, match="--as a/b: a name may hold letters"):
        check_free(store, "a/b")


def test_the_checkpoints_of_a_run_have_a_folder_of_their_own():
    assert under_way("own", "train-1") == "trained/own/under_way/train-1"
