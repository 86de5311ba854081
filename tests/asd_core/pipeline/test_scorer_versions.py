import json

import pytest

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.pipeline.scorer_versions import (
    name_all_newest,
    name_newest,
    newest_committed,
    newest_heads,
    newest_versions,
)
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store

FAN, PUMP = "scorers/key/fan/07", "scorers/key/pump/00"


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


def commit(store, folder, version):
    store.files.write(f"{folder}/{version}/scorer.json", b"{}")


def named(store):
    return [info.path for info in store.files.list("newest_scorers")]


def test_scorers_of_a_store_of_before_are_listed_until_all_are_named(store):
    for folder, version in [(FAN, "v000001-a"), (FAN, "v000002-b"), (PUMP, "v000001-c")]:
        commit(store, folder, version)
    name_newest(store, FAN, "v000002-b")
    assert newest_versions(store, "key") == {FAN: "v000002-b", PUMP: "v000001-c"}
    name_all_newest(store, "key")
    assert newest_versions(store, "key") == {FAN: "v000002-b", PUMP: "v000001-c"}
    (store.files.root / PUMP / "v000001-c/scorer.json").unlink()
    assert newest_versions(store, "key")[PUMP] == "v000001-c"  # by its name alone
    assert not newest_committed(store, PUMP)


def test_a_machine_has_one_name_and_it_is_that_of_the_highest_version(store):
    name_all_newest(store, "key")
    highest = ""
    for version in ("v000001-a", "v000002-a", "v000003-a", "v000002-a"):  # the last by a slower fit at the same time
        commit(store, FAN, version)
        name_newest(store, FAN, version)
        highest = max(version, highest)
        assert newest_versions(store, "key") == newest_committed(store, FAN) == {FAN: highest}
    assert f"newest_{FAN}/v000001-a" not in named(store)


def test_two_fits_at_once_leave_a_name_whoever_is_first(store):
    name_all_newest(store, "key")
    for version in ("v000001-a", "v000001-b"):
        commit(store, FAN, version)
        store.files.write(f"newest_{FAN}/{version}", b"")  # both have written theirs before either looks
    for version in ("v000001-b", "v000001-a"):
        name_newest(store, FAN, version)
    assert newest_versions(store, "key") == {FAN: "v000001-b"}


def test_the_name_of_a_version_that_was_removed_goes_with_the_next_fit(store):
    name_all_newest(store, "key")
    name_newest(store, FAN, "v000002-removed")
    name_newest(store, FAN, "v000001-a")
    assert newest_versions(store, "key") == {FAN: "v000001-a"}


def test_a_machine_type_may_have_any_name(store):
    name_all_newest(store, "key")
    name_newest(store, "scorers/key/complete/00", "v000001-a")
    assert newest_versions(store, "key") == {"scorers/key/complete/00": "v000001-a"}


def fit(store, machines, number=1, threshold=0.5):
    version = f"v{number:06d}"
    for machine in range(machines):
        folder = f"scorers/key/fan/{machine:03d}"
        head = {"machine_id": f"{machine:03d}", "threshold": threshold, "uris": ["file:///a", "file:///b"]}
        text = json.dumps(head).encode()
        name = f"{version}-{content_hash(text)[:8]}"
        store.files.write(f"{folder}/{name}/scorer.json", text)
        name_newest(store, folder, name)
    name_all_newest(store, "key")


def test_the_heads_of_a_fleet_are_read_once(store):
    fit(store, 70)
    first = newest_heads(store, "key")
    version, head = first["scorers/key/fan/007"]
    assert version.startswith("v000001-") and head == {"machine_id": "007", "threshold": 0.5, "normal_clips": 2}
    assert len(store.files.opened) == len(first) == 70
    assert newest_heads(store, "key") == first and len(store.files.opened) == 70


def test_after_a_new_fit_only_new_heads_are_read_and_one_file_is_left(store):
    fit(store, 70)
    newest_heads(store, "key")
    fit(store, 3, 2, threshold=0.7)
    heads = newest_heads(store, "key")
    assert len(store.files.opened) == 73 and heads["scorers/key/fan/002"][1]["threshold"] == 0.7
    fit(store, 70, 3)
    assert {version[:7] for version, _ in newest_heads(store, "key").values()} == {"v000003"}
    assert len(store.files.list("scorer_heads")) == 1


def test_few_heads_are_not_kept_and_one_that_was_removed_is_left_out(store):
    fit(store, 3)
    (removed,) = store.files.root.glob("scorers/key/fan/001/*/scorer.json")
    removed.unlink()
    assert set(newest_heads(store, "key")) == {"scorers/key/fan/000", "scorers/key/fan/002"}
    assert store.files.list("scorer_heads") == []


def test_a_head_that_is_not_as_it_was_written_is_named_and_a_broken_file_of_heads_is_passed_over(store):
    fit(store, 70)
    first = newest_heads(store, "key")
    (kept,) = store.files.list("scorer_heads")
    store.files.write(kept.path, b"PAR1")
    assert newest_heads(store, "key") == first
    (changed,) = store.files.root.glob("scorers/key/fan/001/*/scorer.json")
    changed.write_bytes(b"{}")
    store.files.delete(store.files.list("scorer_heads")[0].path)
    with pytest.raises(AsdError, match=r"fan/001/v000001-.*/scorer.json in the store has changed since"):
        newest_heads(store, "key")
