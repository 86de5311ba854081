"""Versions of scorers are told with the runs that published them; an earlier one is published again byte for byte."""

import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.scorer_history import all_versions, is_same, kind_of_fit, publications, publish_again
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.runs.fit import fit
from tests.fleet import KNN, NIGHTS, fitted, listed

KEY = KNN.key()
FOLDER = f"scorers/{KEY}/fan/00"


@pytest.fixture
def store(tmp_path):
    archive, store = fitted(tmp_path, until=NIGHTS[0])
    fit(store, KNN, listed(archive, until=NIGHTS[1]), LocalEngine())
    return store


def contents(store, version):
    infos = store.files.list(f"{FOLDER}/{version}")
    return {info.path.rpartition("/")[2]: store.files.read(info.path) for info in infos}


def test_an_earlier_version_is_published_again_byte_for_byte_under_the_next_number(store):
    first, second = all_versions(store, KEY)[FOLDER]
    again, is_new = publish_again(store, FOLDER, first, second)
    assert is_new and again == f"v000003{first[7:]}" and is_same(again, first) and not is_same(again, second)
    assert contents(store, again) == contents(store, first)
    assert newest_versions(store, KEY)[FOLDER] == again
    assert publish_again(store, FOLDER, first, again) == (again, False)


def test_publications_tell_what_each_run_changed(store):
    first, second = all_versions(store, KEY)[FOLDER]
    runs = publications(store, KEY)
    assert [run.kind for run in runs] == ["fit", "fit"]
    assert [run.changed[FOLDER] for run in runs] == [("", first), (first, second)]
    assert [kind_of_fit(record) for record in ({}, {"update": {}}, {"rollback": {}})] == ["fit", "update", "rollback"]
