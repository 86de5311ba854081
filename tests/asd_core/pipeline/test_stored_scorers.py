import json

import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.scorer_files import save_scorer
from asd_core.pipeline.stored_scorers import stored_head, training_uris
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.scorers import FOLDER, fitted


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def test_a_head_is_read_as_it_was_written_and_refused_once_its_bytes_have_changed(store):
    version, _ = save_scorer(store, "key", fitted())
    path = f"{FOLDER}/{version}/scorer.json"
    assert stored_head(store, FOLDER, version) == json.loads(store.files.read(path))
    store.files.write(path, store.files.read(path).replace(b"f", b"g"))
    with pytest.raises(AsdError, match="has changed since"):
        stored_head(store, FOLDER, version)


def test_the_clips_that_scorers_were_fitted_on_are_told(store):
    version, _ = save_scorer(store, "key", fitted(count=4))
    assert training_uris(store, {FOLDER: version}) == {f"file:///{i}" for i in range(4)}
    with pytest.raises(AsdError, match="v000009-0 is gone, so which clips it was fitted on is not known"):
        training_uris(store, {FOLDER: "v000009-0"})
