import numpy as np
import pytest

from asd_core.clips.selection import of_machine
from asd_core.errors import UsageError
from asd_core.training.pseudo_labels.triplet.space import TripletSpace
from asd_core.training.pseudo_labels.triplet.training import TripletSettings
from tests.fleet import clip_path, listed, write_fleet, write_wav

TINY = TripletSettings(clip_seconds=1.0, epochs=1, batch_size=4, channels=8)


@pytest.fixture
def archive(tmp_path):
    root = write_fleet(tmp_path, machines=("00", "01"), dates=("2026-11-01",))
    write_wav(clip_path(root, "00", "2026-11-01", 0, "pump"), seed=7)
    clip_path(root, "00", "2026-11-01", 1).write_bytes(b"")
    return listed(root)


def test_each_machine_has_a_space_of_its_own_and_unreadable_clips_keep_their_reason(archive):
    space = TripletSpace(archive, TINY)
    one, other = (space.of_machine(of_machine(archive, "fan", name)) for name in ("00", "01"))
    assert one.embeddings.shape == (3, 128) and other.embeddings.shape == (4, 128)
    assert one.left_out["error_reason"].to_pylist() == ["empty"] and space.notes == []
    again = TripletSpace(archive, TINY).of_machine(of_machine(archive, "fan", "01"))
    assert np.array_equal(again.embeddings, other.embeddings)


def test_without_another_type_the_types_other_machines_are_the_noise(archive):
    fans = archive.filter([kind == "fan" for kind in archive["machine_type"].to_pylist()])
    space = TripletSpace(fans, TINY)
    space.of_machine(of_machine(fans, "fan", "00"))
    assert space.notes == ["fan 00: there is no other type, so its other machines are the noise"]


def test_a_lone_machine_is_refused(archive):
    alone = of_machine(archive, "fan", "01")
    with pytest.raises(UsageError, match="needs the sound of other machines as noise"):
        TripletSpace(alone, TINY).of_machine(alone)


def test_a_single_clip_needs_no_network(archive):
    placed = TripletSpace(archive, TINY).of_machine(of_machine(archive, "pump", "00"))
    assert placed.embeddings.shape == (1, 128) and not placed.embeddings.any()
