"""A night that runs of one archive share."""

import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, NIGHTS, by_uri, listed, write_fleet


@pytest.fixture
def whole(tmp_path):
    """A fleet, and the rows of its last night by runs that nothing broke."""
    archive, store = write_fleet(tmp_path / "archive"), Store(LocalFiles(tmp_path / "whole"))
    fit(store, KNN, listed(archive, until=NIGHTS[1]), LocalEngine())
    return archive, by_uri(store.read_scores(score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())))
