import pytest
import torch

from asd_core.errors import AsdError
from asd_core.training.checkpoints import Checkpoints, Progressed, tensor_bytes
from asd_core.training.step import new_optimiser
from tests.asd_core.training.examples import CONFIG, new_model, trained


def test_a_checkpoint_gives_back_weights_optimiser_and_course(tmp_path):
    _, done = trained(tmp_path)
    model = new_model()
    optimiser = new_optimiser(model, CONFIG)
    again = Checkpoints(str(tmp_path), "run").load(model, optimiser)
    assert again == done
    moments = optimiser.state_dict()["state"][0]
    assert float(moments["step"]) == 12 and float(moments["exp_avg"].abs().max()) > 0


def test_only_the_last_checkpoint_is_kept(tmp_path):
    trained(tmp_path)
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == ["epoch-2.safetensors", "epoch-4.safetensors", "state-12.safetensors", "state.json"]
    Checkpoints(str(tmp_path), "run").remove()
    assert not [path for path in (tmp_path / "run").iterdir()]


def test_nothing_is_loaded_where_there_is_nothing(tmp_path):
    model = new_model()
    assert Checkpoints(str(tmp_path), "run").load(model, new_optimiser(model, CONFIG)) == Progressed()


@pytest.mark.parametrize("name", ["state.json", "state-12.safetensors"])
def test_a_broken_checkpoint_is_one_line_that_says_what_to_remove(tmp_path, name):
    trained(tmp_path)
    (tmp_path / "run" / name).write_text("{")
    model = new_model()
    with pytest.raises(AsdError, match="gone or broken: remove .*run, and the same command trains from the start"):
        Checkpoints(str(tmp_path), "run").load(model, new_optimiser(model, CONFIG))


def test_a_full_disk_keeps_the_checkpoint_before(tmp_path):
    model = new_model()
    checkpoints = Checkpoints(str(tmp_path), "run")
    (tmp_path / "run").write_text("a file in the way")
    with pytest.raises(AsdError, match="cannot"):
        checkpoints.save(model, new_optimiser(model, CONFIG), Progressed())


def test_tensors_that_are_views_can_be_written():
    assert len(tensor_bytes({"a": torch.zeros(4, 3).T})) > 48
