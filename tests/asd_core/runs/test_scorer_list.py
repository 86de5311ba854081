import pytest

from asd_core.errors import AsdError, UsageError
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.fit import fit
from asd_core.runs.rollback import rollback
from asd_core.runs.scorer_list import listed_scorers
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, NIGHTS, fitted, listed


def test_scorers_are_listed_with_their_dates_and_a_machine_with_all_its_versions(tmp_path):
    archive, store = fitted(tmp_path, until=NIGHTS[1])
    fit(store, KNN, listed(archive, until=NIGHTS[2]), LocalEngine())
    rollback(store, KNN)
    rows = listed_scorers(store, KNN.key())
    assert [(one["machine"], one["clips"], one["versions"]) for one in rows] == [("fan/00", 8, 3), ("fan/01", 8, 3)]
    own = listed_scorers(store, KNN.key(), ["fan/01"])
    assert [(one["version"][:7], one["made_by"], one["clips"]) for one in own] == [
        ("v000003", "rollback", 8),
        ("v000002", "fit", 12),
        ("v000001", "fit", 8),
    ]
    assert [one["current"] for one in own] == [True, False, False] and all(one["made_at"] for one in own)


def test_an_unknown_machine_and_an_empty_store_are_one_line(tmp_path):
    _, store = fitted(tmp_path)
    with pytest.raises(UsageError, match="no scorer of 'fan/7' is in the store"):
        listed_scorers(store, KNN.key(), ["fan/7"])
    with pytest.raises(AsdError, match="holds no scorers"):
        listed_scorers(Store(LocalFiles(tmp_path / "other")), KNN.key())
