import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.scorer_files import save_scorer
from asd_core.pipeline.stored_scorers import learnt_uris, stored_head, training_uris, unchanged_file
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.scorers import FOLDER, fitted


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def test_the_clips_that_scorers_were_fitted_on_are_told(store):
    version, _ = save_scorer(store, "key", fitted(count=4))
    assert training_uris(store, {FOLDER: version}) == {f"file:///{i}" for i in range(4)}
    with pytest.raises(AsdError, match="v000009-0 is gone, so which clips it was fitted on is not known"):
        training_uris(store, {FOLDER: "v000009-0"})


def test_a_head_is_read_as_it_was_written_or_named(store):
    version, _ = save_scorer(store, "key", fitted(count=4))
    head = stored_head(store, FOLDER, version)
    assert learnt_uris(head) == [f"file:///{number}" for number in range(4)]
    assert unchanged_file(store, FOLDER, version, f"{head['arrays']}.npz", head["arrays"])
    store.files.write(f"{FOLDER}/{version}/scorer.json", b"[1]")
    with pytest.raises(AsdError, match="has changed since: remove that folder and run asd fit again"):
        stored_head(store, FOLDER, version)
    with pytest.raises(AsdError, match="scorer.json in the store is no JSON object; remove the folder it is in"):
        training_uris(store, {FOLDER: version})
