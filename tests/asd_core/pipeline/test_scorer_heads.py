import json

import pytest

from asd_core.pipeline.scorer_heads import newest_heads
from asd_core.pipeline.scorer_versions import name_all_newest, name_newest
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store


class Counted(LocalFiles):
    """A folder that notes which heads are read."""

    def __init__(self, root):
        super().__init__(root)
        self.opened = []

    def read(self, path):
        if path.endswith("scorer.json"):
            self.opened.append(path)
        return super().read(path)


@pytest.fixture
def store(tmp_path):
    return Store(Counted(tmp_path))


def fit(store, machines, version="v000001-a", threshold=0.5):
    for number in range(machines):
        folder = f"scorers/key/fan/{number:03d}"
        head = {"machine_id": f"{number:03d}", "threshold": threshold, "uris": ["file:///a", "file:///b"]}
        store.files.write(f"{folder}/{version}/scorer.json", json.dumps(head).encode())
        name_newest(store, folder, version)
    name_all_newest(store, "key")


def test_the_heads_of_a_fleet_are_read_once(store):
    fit(store, 70)
    first = newest_heads(store, "key")
    assert first["scorers/key/fan/007"] == ("v000001-a", {"machine_id": "007", "threshold": 0.5, "normal_clips": 2})
    assert len(store.files.opened) == len(first) == 70
    assert newest_heads(store, "key") == first and len(store.files.opened) == 70


def test_after_a_new_fit_only_new_heads_are_read_and_one_file_is_left(store):
    fit(store, 70)
    newest_heads(store, "key")
    fit(store, 3, "v000002-b", threshold=0.7)
    heads = newest_heads(store, "key")
    assert len(store.files.opened) == 73 and heads["scorers/key/fan/002"][1]["threshold"] == 0.7
    fit(store, 70, "v000003-c")
    assert {version for version, _ in newest_heads(store, "key").values()} == {"v000003-c"}
    assert len(store.files.list("scorer_heads")) == 1


def test_few_heads_are_not_kept_and_one_that_was_removed_is_left_out(store):
    fit(store, 3)
    (store.files.root / "scorers/key/fan/001/v000001-a/scorer.json").unlink()
    assert set(newest_heads(store, "key")) == {"scorers/key/fan/000", "scorers/key/fan/002"}
    assert store.files.list("scorer_heads") == []
