import pyarrow.compute as pc
import pytest

from asd_core.tuning.validations import generated_validations, simulated_validations, steps_of
from tests.asd_core.tuning.gather.recordings import parts, write_machines


@pytest.fixture(scope="module")
def normals(tmp_path_factory):
    return parts(write_machines(tmp_path_factory.mktemp("real"), {"fan": ["00", "01"], "valve": ["00"]}))[0]


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    return parts(write_machines(tmp_path_factory.mktemp("generated"), {"fan": ["00"], "pump": ["00"]}))[1]


def test_every_machine_is_judged_on_faults_in_clips_that_nothing_is_fitted_to(normals):
    found, left_out = simulated_validations(normals, 0)
    assert len(found) == 3 and not left_out
    for one in found:
        fitted = set(one.normals["clip_id"].to_pylist())
        assert fitted and not fitted & {clip.recording_id for clip in one.clips}
        assert {clip.is_anomalous for clip in one.clips} == {True, False}
    assert simulated_validations(normals, 1)[0] != found


def test_a_machine_with_too_few_clips_or_no_generated_ones_says_why(normals, generated):
    few = normals.filter(pc.or_(pc.not_equal(normals["machine_type"], "valve"), pc.equal(normals["domain"], "target")))
    found, left_out = simulated_validations(few, 0)
    assert [one.normals["machine_type"][0].as_py() for one in found] == ["fan", "fan"]
    assert left_out.keys() == {"valve 00"} and "too few" in left_out["valve 00"]
    found, left_out = generated_validations(normals, generated)
    assert len(found) == 1 and {clip.kind for clip in found[0].clips} == {"generated"}
    assert left_out.keys() == {"fan 01", "valve 00"}


def test_generated_clips_of_no_machine_are_rejected_once_in_all(normals, generated):
    found, _ = generated_validations(normals.filter(pc.equal(normals["machine_type"], "fan")), generated)
    rejected = [clip for one in found for clip in one.rejected]
    assert {clip.reason for clip in rejected} == {"no_machine"} and all("/pump/" in clip.uri for clip in rejected)
    assert len(rejected) == len({clip.clip_id for clip in rejected}) == 24
    assert generated_validations(normals.slice(0, 0), generated) == ([], {})


def test_the_record_names_the_steps_of_generated_clips_and_nothing_for_others(normals, generated):
    said = [steps_of(generated_validations(normals, generated, keeps_silence=keeps)[0]) for keeps in (False, True)]
    assert [one["generated_clips"]["silence"] for one in said] == ["cut out", "kept"]
    assert said[0]["generated_clips"]["level"].startswith("brought to the median")
    assert steps_of(simulated_validations(normals, 0)[0]) == {}
