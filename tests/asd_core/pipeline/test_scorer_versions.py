import pytest

from asd_core.pipeline.scorer_versions import committed_versions, name_all_newest, name_newest, newest_versions
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store

FAN, PUMP = "scorers/key/fan/07", "scorers/key/pump/00"


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


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
    assert not committed_versions(store, PUMP)


def test_a_machine_has_one_name_and_it_is_that_of_the_highest_version(store):
    name_all_newest(store, "key")
    for version in ("v000001-a", "v000002-a", "v000003-a", "v000002-a"):  # the last by a slower fit at the same time
        commit(store, FAN, version)
        name_newest(store, FAN, version)
        assert newest_versions(store, "key") == {FAN: max(committed_versions(store, FAN)[FAN])}
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
