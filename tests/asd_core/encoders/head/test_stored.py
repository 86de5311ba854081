import json
from pathlib import Path

import numpy as np
import pytest

from asd_core.encoders.checkpoint_files import TrainedEncoder
from asd_core.encoders.head.stored import NewHead, clip_hash, is_held_out, read_head
from asd_core.errors import AsdError, UsageError
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.heads import small_arrays, stored_heads

FANS = NewHead("fan", ("00", "02"), {"fan": {"00": [0], "02": [1]}}, small_arrays(), ("clip 1", "clip 2"))
PUMPS = NewHead("pump", ("04",), {"pump": {"04": [0]}}, small_arrays(seed=1))


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def test_a_machine_finds_its_head_and_its_classes(store):
    folder = stored_heads(store, FANS, PUMPS)
    head, pump = read_head(folder, "fan", "02"), read_head(folder, "pump", "04")
    assert head.arrays.keys() == FANS.arrays.keys()
    for name, array in FANS.arrays.items():
        np.testing.assert_array_equal(head.arrays[name], array)
    assert (head.own_classes, pump.own_classes) == ((1,), (0,))
    np.testing.assert_array_equal(pump.arrays["weight.0"], PUMPS.arrays["weight.0"])


def test_clips_that_were_held_out_are_known_by_their_ids(store):
    head = read_head(stored_heads(store, FANS), "fan", "00")
    assert is_held_out(head.held_out, ["clip 2", "clip 3", "clip 1"]).tolist() == [True, False, True]
    assert len({clip_hash(str(one)) for one in range(1000)}) == 1000


def test_the_same_heads_are_the_same_folder_and_other_ones_another(store):
    assert stored_heads(store, FANS) == stored_heads(store, FANS) != stored_heads(store, PUMPS)


def test_a_head_for_all_serves_a_machine_that_it_does_not_know(store):
    folder = stored_heads(store, NewHead("", ("00",), {"fan": {"00": [0]}}, small_arrays()))
    assert read_head(folder, "valve", "00").own_classes == ()


def test_what_is_no_head_is_told_in_one_line(store, tmp_path):
    with pytest.raises(UsageError, match=r"there is no encoder\.json"):
        read_head(str(tmp_path / "none"), "fan", "00")
    with pytest.raises(AsdError, match="was trained on fan, not on valve: train it again"):
        read_head(stored_heads(store, FANS), "valve", "00")
    (tmp_path / "encoder.json").write_bytes(TrainedEncoder("d", {"kind": "multires"}, (), 3, 16000).to_json())
    with pytest.raises(AsdError, match="is a trained encoder and no head"):
        read_head(str(tmp_path), "fan", "00")


def test_a_file_whose_bytes_changed_is_refused(store):
    folder = Path(stored_heads(store, PUMPS, name="broken").removeprefix("file://"))
    file = json.loads((folder / "encoder.json").read_text())["checkpoints"][0]["file"]
    (folder / file).write_bytes(b"other")
    with pytest.raises(AsdError, match="its bytes have changed.*run asd train again"):
        read_head(str(folder), "pump", "04")
