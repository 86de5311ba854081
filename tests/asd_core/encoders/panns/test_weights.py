import pytest
import torch

from asd_core.encoders.panns.network import random_network
from asd_core.encoders.panns.weights import FILE, load_network, weights_digest
from asd_core.errors import AsdError, UsageError
from tests.asd_core.encoders.panns.checkpoints import published


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("panns")
    torch.save({"iteration": 1, "model": published(random_network(5))}, folder / FILE)
    return folder


def test_a_published_checkpoint_is_read_from_its_folder_or_by_its_path(folder):
    wanted = random_network(5).state_dict()
    for source in (folder, folder / FILE):
        found = load_network(str(source))
        assert not found.training and all(map(torch.equal, found.state_dict().values(), wanted.values()))


def test_digests_are_those_of_the_tensors(folder):
    assert weights_digest(str(folder)) == weights_digest(str(folder / FILE)) != weights_digest("random")
    assert [weights_digest(source) for source in ("random", "random:7")] == ["random:0", "random:7"]


@pytest.mark.parametrize("source", ["", "/nowhere/at/all.pth"])
def test_a_file_that_is_not_there_is_told_with_where_to_get_it(source):
    with pytest.raises(UsageError, match="there is no such file; download Cnn14"):
        load_network(source)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text.pth").write_text("no checkpoint")
    with pytest.raises(AsdError, match="cannot be loaded as a checkpoint of tensors"):
        load_network(str(tmp_path / "text.pth"))
    torch.save({"model": {"fc1.weight": torch.zeros(2, 2)}}, tmp_path / "other.pth")
    with pytest.raises(AsdError, match="lacks the tensor convolutions.norm0.weight"):
        load_network(str(tmp_path / "other.pth"))
