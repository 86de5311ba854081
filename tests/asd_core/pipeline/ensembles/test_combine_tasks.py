import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.ensembles.combine_tasks import combine_machines, combine_tasks
from asd_core.runs.fit import fit
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
