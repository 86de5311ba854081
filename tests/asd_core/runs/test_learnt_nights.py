import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.fitted_nights import nights_path
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.runs.learnt_nights import learnt_nights
from tests.asd_core.pipeline.ensembles.fleets import fitted_ensemble


@pytest.mark.parametrize("lacking", ["ensemble", "all"])
def test_nights_of_an_ensemble_of_before_come_from_those_of_its_members(tmp_path, lacking):
    _, store, recipe = fitted_ensemble(tmp_path)
    versions = newest_versions(store, recipe.key())
    found = learnt_nights(store, recipe, versions, LocalEngine())
    assert len(found) == 16 and set(found["left_out"].to_pylist()) == {"night"}
    for one in [recipe, *(recipe.members.values() if lacking == "all" else ())]:
        for pair in newest_versions(store, one.key()).items():
            store.files.delete(nights_path(*pair))
    told = []
    again = learnt_nights(store, recipe, versions, LocalEngine(), lambda *progress: told.append(progress))
    assert again.equals(found) and told[-1] == ("leaving out learnt nights", 1, 1)
    assert all(store.files.exists(nights_path(*pair)) for pair in versions.items())
