import json
import pickle
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from numpy.testing import assert_allclose

from asd_core.clips.archive import list_archive
from asd_core.encoders.build import encoder_config
from asd_core.errors import AsdError, UsageError
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import open_store
from asd_core.synthesis.validation import SimulatedConfig, simulated_validation
from asd_core.tuning.gather import from_audio
from asd_core.tuning.gather.gather import gather
from asd_core.tuning.validations import labelled_validations
from tests.asd_core.tuning.gather.recordings import TEST, TRAIN, parts, write_machines

RECIPE = Recipe("base", {"encoder": {"n_mels": 16}})
SETTINGS = [{"encoder.r": r} for r in (0.0, 0.5, 1.0)]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Not to be changed."""
    return write_machines(tmp_path_factory.mktemp("archive"), {"fan": ["00"], "pump": ["00"]})


@pytest.fixture
def own_archive(tmp_path):
    """To be changed at will."""
    return write_machines(tmp_path / "archive", {"fan": ["00"], "pump": ["00"]})


@pytest.fixture(scope="module")
def machines(archive, tmp_path_factory):
    return gathered(archive, tmp_path_factory.mktemp("gathered")).machines


def gathered(clips, folder, recipe=RECIPE, settings=SETTINGS, validations=None):
    store = open_store(str(folder / "store"))
    validations = labelled_validations(*parts(clips))[0] if validations is None else validations
    return gather(store, recipe, clips, validations, settings, str(folder / "data"), LocalEngine())


def test_a_machine_knows_its_clips_and_is_a_mere_reference(archive, machines):
    fan, pump = machines
    assert (fan.machine_type, fan.machine_id, pump.machine_type) == ("fan", "00", "pump")
    assert len(fan.normal_domains) == sum(TRAIN.values()) and len(fan.clip_ids) == 4 * TEST
    assert fan.is_anomalous.sum() == 2 * TEST and (fan.domains == "target").sum() == 2 * TEST
    rows = {row["clip_id"]: row for row in archive.to_pylist()}
    assert [rows[name]["condition"] == "anomalous" for name in fan.clip_ids] == fan.is_anomalous.tolist()
    assert list(fan.recordings) == fan.clip_ids
    assert 0.0 <= fan.auc_level_only <= 1.0
    normals, judged = fan.embeddings(encoder_config({"n_mels": 16, "r": 0.5}))
    assert normals.shape == (24, 16) and judged.shape == (24, 16) and normals.dtype == np.float32
    again = pickle.loads(pickle.dumps(fan))
    assert again == fan and len(pickle.dumps(fan)) < 1000
    assert_allclose(again.embeddings(encoder_config({"n_mels": 16, "r": 0.5}))[0], normals)
    (gathered,) = json.loads(Path(fan.folder, f"{fan.name}.json").read_text())["passes"].values()
    assert gathered["parts"] and all(Path(fan.folder, path).is_file() for path in gathered["parts"])


def test_every_clip_is_decoded_once_for_all_settings_and_not_again(archive, tmp_path):
    first = gathered(archive, tmp_path)
    assert first.decoded == len(archive)
    again = gathered(archive, tmp_path)
    assert again.decoded == 0 and again.machines == first.machines
    more = gathered(archive, tmp_path, settings=[*SETTINGS, {"encoder.r": 0.9}])
    assert more.machines[0].fingerprint == first.machines[0].fingerprint
    assert more.machines[0].name != first.machines[0].name


def test_a_broken_pass_goes_on_with_the_parts_that_are_missing(archive, tmp_path):
    first = gathered(archive, tmp_path)
    for name in Path(first.machines[0].folder).glob("*.json"):
        name.unlink()
    one = sorted(Path(first.machines[0].folder).glob("*/*-00001.json"))[0]
    one.unlink()
    again = gathered(archive, tmp_path)
    assert again.machines == first.machines
    assert again.decoded == 4 * TEST <= from_audio.CLIPS_A_PART


def test_a_clip_that_cannot_be_used_is_left_out_everywhere_and_named(own_archive, tmp_path):
    test = own_archive.filter(pc.equal(own_archive["machine_type"], "fan"))
    test = test.filter(pc.and_(pc.equal(test["split"], "test"), pc.equal(test["condition"], "normal")))
    path = Path(test["uri"][0].as_py().removeprefix("file://"))
    path.write_bytes(b"")
    clips = list_archive(str(tmp_path / "archive")).clips
    found = gathered(clips, tmp_path)
    (left_out,) = found.clips_left_out
    assert (left_out.uri, left_out.reason) == (test["uri"][0].as_py(), "empty")
    assert len(found.machines[0].clip_ids) == 4 * TEST - 1
    assert len(found.machines[0].embeddings(encoder_config({"n_mels": 16, "r": 1.0}))[1]) == 4 * TEST - 1


def test_a_clip_that_could_not_be_read_this_time_is_tried_again(own_archive, tmp_path):
    path = Path(own_archive["uri"][0].as_py().removeprefix("file://"))
    path.rename(path.with_suffix(".away"))
    first = gathered(own_archive, tmp_path)
    assert [clip.reason for clip in first.clips_left_out] == ["vanished"]
    path.with_suffix(".away").rename(path)
    again = gathered(own_archive, tmp_path)
    assert again.clips_left_out == [] and 0 < again.decoded < len(own_archive)
    changed = [a.fingerprint != b.fingerprint for a, b in zip(first.machines, again.machines, strict=True)]
    assert sorted(changed) == [False, True]


def test_a_machine_that_cannot_be_judged_is_left_out_with_the_reason(archive, tmp_path):
    is_odd = pc.and_(pc.equal(archive["machine_type"], "pump"), pc.equal(archive["condition"], "anomalous"))
    found = gathered(archive.filter(pc.invert(is_odd)), tmp_path)
    assert found.left_out == {"pump 00": "0 anomalous clips to judge on"}
    assert [machine.machine_type for machine in found.machines] == ["fan"]
    train, test = parts(archive)
    without = labelled_validations(train.filter(pc.equal(train["machine_type"], "fan")), test)
    assert [len(without[0]), without[1]] == [1, {"pump 00": "no normal clips to fit to"}]
    unknown = test.set_column(test.schema.get_field_index("condition"), "condition", [[""] * len(test)])
    with pytest.raises(UsageError, match="none of the 48 clips is known to be normal or anomalous"):
        labelled_validations(train, unknown)


def test_simulated_clips_are_gathered_as_recorded_ones(archive, tmp_path):
    normals = parts(archive)[0].filter(pc.equal(parts(archive)[0]["machine_type"], "fan"))
    validation = simulated_validation(normals, SimulatedConfig(kinds=("knocks", "hum"), per_kind=2))
    (fan,) = gathered(archive, tmp_path, validations=[validation]).machines
    assert len(fan.normal_domains) == len(validation.normals)
    assert fan.clip_ids == [clip.clip_id for clip in validation.clips]
    assert len(set(fan.recordings)) < len(fan.recordings)
    imported = Recipe("mine", {"encoder": {"kind": "imported", "name": "x"}})
    with pytest.raises(UsageError, match="search with --validation real"):
        gathered(archive, tmp_path, recipe=imported, settings=[{}], validations=[validation])


def test_an_override_of_a_machine_type_reaches_its_embeddings(archive, tmp_path):
    recipe = Recipe("mine", {"encoder": {"n_mels": 16}, "machine": {"fan": {"encoder.n_mels": 8}}})
    fan, pump = gathered(archive, tmp_path, recipe=recipe).machines
    assert fan.embeddings(encoder_config({"n_mels": 8, "r": 0.0}))[0].shape[1] == 8
    with pytest.raises(AsdError, match="fan 00: nothing was gathered for encoder twfr with .*n_mels.: 16"):
        fan.embeddings(encoder_config({"n_mels": 16, "r": 0.0}))
    assert pump.embeddings(encoder_config({"n_mels": 16, "r": 0.0}))[0].shape[1] == 16


def test_a_setting_that_cannot_be_stops_no_other_but_none_is_an_error(archive, tmp_path):
    impossible = {"encoder.f_min": 7000.0, "encoder.f_max": 6000.0}
    assert len(gathered(archive, tmp_path, settings=[impossible, {"encoder.r": 0.0}]).machines) == 2
    with pytest.raises(UsageError, match="f_min < f_max"):
        gathered(archive, tmp_path, settings=[impossible])


def test_arrays_that_are_gone_say_what_to_do(archive, tmp_path):
    fan = gathered(archive, tmp_path).machines[0]
    contents = json.loads(Path(fan.folder, f"{fan.name}.json").read_text())
    (entry,) = contents["passes"].values()
    Path(fan.folder, entry["parts"][0]).unlink()
    with pytest.raises(AsdError, match="run the same command again"):
        fan.embeddings(encoder_config({"n_mels": 16, "r": 0.0}))
