import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.ensembles.combine_tasks import combine_machines, combine_tasks, keep_lacking_combined
from asd_core.pipeline.fitted_nights import fitted_nights, nights_path
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.runs.fit import fit
from tests.asd_core.pipeline.ensembles.fleets import fitted_ensemble
from tests.asd_core.pipeline.ensembles.members import fused
from tests.fleet import NIGHTS, fitted, listed


def test_a_machine_that_a_member_does_not_know_is_told_and_stops_no_other(tmp_path):
    archive, store = fitted(tmp_path)
    clips = listed(archive, until=NIGHTS[1])
    fit(
        store,
        fused().members["spread"],
        clips.filter([one == "00" for one in clips["machine_id"].to_pylist()]),
        LocalEngine(),
    )
    (task,) = combine_tasks(store, fused())
    known, unknown = combine_machines(task)
    assert (known.machine_id, known.error, known.normal_clips) == ("00", None, 8)
    assert unknown.machine_id == "01" and "no scorer of member spread (twfr-gmm-" in unknown.error


def test_members_that_share_no_machine_are_told(tmp_path):
    _, store = fitted(tmp_path)
    with pytest.raises(AsdError, match="share no machine: near has fan 00, fan 01; spread has no scorer"):
        combine_tasks(store, fused())


def test_nights_that_combined_scorers_of_before_lack_are_kept_as_a_fit_keeps_them(tmp_path):
    _, store, recipe = fitted_ensemble(tmp_path)
    versions = newest_versions(store, recipe.key())
    table, lacking = fitted_nights(store, recipe.key(), versions)
    assert not lacking and set(table["left_out"].to_pylist()) == {"night"} and len(table) == 16
    for folder, version in versions.items():
        store.files.delete(nights_path(folder, version))
    assert sum(map(keep_lacking_combined, combine_tasks(store, recipe))) == 2
    again, lacking = fitted_nights(store, recipe.key(), versions)
    assert again.equals(table) and not lacking
