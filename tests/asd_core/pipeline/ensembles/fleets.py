"""A fleet of fans whose ensemble is fitted."""

from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.fit import fit
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.ensembles.members import fused
from tests.fleet import NIGHTS, listed, write_fleet


def fitted_ensemble(tmp_path, recipe=None, machines=("00", "01")):
    """A fleet in ``archive``, a store with the scorers of the ensemble and its members, and the ensemble."""
    recipe = recipe or fused()
    archive, store = write_fleet(tmp_path / "archive", machines), Store(LocalFiles(tmp_path / "store"))
    fit(store, recipe, listed(archive, until=NIGHTS[1]), LocalEngine())
    return archive, store, recipe
