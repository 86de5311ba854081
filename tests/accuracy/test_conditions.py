import numpy as np
import pyarrow.compute as pc
import pytest
import soundfile

from asd_core.clips.archive import list_archive
from tests.accuracy.conditions import hidden, write_conditions

SECONDS = 0.5


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conditions")
    return [write_conditions(folder / name, name == "noisy", seconds=SECONDS) for name in ("quiet", "noisy")]


def test_speeds_of_the_target_are_not_those_of_the_source_and_have_few_clips(archives):
    clips = list_archive(str(archives[0])).clips
    fans = clips.filter(pc.and_(pc.equal(clips["machine_type"], "fan"), pc.equal(clips["split"], "train")))
    counts = fans.group_by(["domain", "attributes"]).aggregate([("uri", "count")]).to_pylist()
    found = {(row["domain"], row["attributes"]): row["uri_count"] for row in counts}
    source = {("source", f"speed_{speed}"): 20 for speed in ("0.8", "1", "1.2", "1.4")}
    assert found == source | {("target", f"speed_{speed}"): 4 for speed in ("0.9", "1.3")}
    assert set(clips["condition"].to_pylist()) == {"normal", "anomalous"} and len(clips) == 920


def test_noise_lies_up_to_ten_decibels_below_the_machine(archives):
    name = "fan/train/section_00_source_train_normal_0000_speed_0.8.wav"
    quiet, noisy = (soundfile.read(root / name)[0] for root in archives)
    ratio = 10 * np.log10(np.mean(quiet**2) / np.mean((noisy - quiet) ** 2))
    assert -1 < ratio < 11


def test_hidden_attributes_are_gone_and_all_else_stays(archives):
    clips = list_archive(str(archives[0])).clips
    without = hidden(clips)
    assert set(without["attributes"].to_pylist()) == {""} and without.schema == clips.schema
    assert without.drop_columns("attributes") == clips.drop_columns("attributes")
