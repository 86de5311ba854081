import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from asd_core.encoders.clap.weights import CLAP_2023, digest, is_random, random_note, read_checkpoint, seed_of
from asd_core.errors import AsdError, UsageError

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.count": torch.tensor(3)}


def test_random_weights_have_a_seed_and_a_note():
    assert [is_random(source) for source in ("random", "random:7", "hub", "randomly.pth")] == [True, True, False, False]
    assert (seed_of("random"), seed_of("random:7")) == (0, 7)
    assert "random weights (seed 7)" in random_note("random:7")
    assert random_note("hub") == ""


@pytest.mark.parametrize("source", ["random:", "random:x", "random:-1", "random:1.5", "random:" + 30 * "9"])
def test_a_seed_that_is_no_whole_number_is_refused(source):
    with pytest.raises(UsageError, match="the seed must be a whole number, as in random:7"):
        seed_of(source)


def test_a_digest_depends_on_all_but_the_order():
    assert digest(STATE) == digest(dict(reversed(STATE.items()))) == digest({**STATE, "a.count": torch.tensor([3])[0]})
    others = [
        {"b.weight": STATE["a.weight"], "a.count": STATE["a.count"]},
        {**STATE, "a.weight": STATE["a.weight"].reshape(3, 2)},
        {**STATE, "a.weight": STATE["a.weight"].double()},
        {**STATE, "a.weight": STATE["a.weight"].bfloat16()},
        {**STATE, "a.count": torch.tensor(4)},
        {"a.weight": STATE["a.weight"]},
    ]
    assert len({digest(state) for state in [STATE, *others]}) == 7


@pytest.mark.parametrize("saved", [STATE, {"model": STATE}, {"model": {**STATE, "epoch": 3}, "optimizer": {}}])
@pytest.mark.parametrize("is_archive", [True, False])
def test_a_checkpoint_is_read_from_a_file_or_a_folder_of_the_hubs_names(tmp_path, saved, is_archive):
    torch.save(saved, tmp_path / CLAP_2023, _use_new_zipfile_serialization=is_archive)
    for source in (tmp_path, tmp_path / CLAP_2023):
        found = read_checkpoint(str(source), CLAP_2023)
        assert digest(found) == digest(STATE)


class Runs:
    """Makes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_a_checkpoint_that_would_run_code_is_refused_and_runs_none(tmp_path):
    torch.save({"model": {**STATE, "more": Runs(tmp_path / "ran")}}, tmp_path / "a.pth")
    with pytest.raises(AsdError, match="anything that could run code is refused") as refused:
        read_checkpoint(str(tmp_path / "a.pth"), CLAP_2023)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"404: not found", b"PK\x03\x04" + bytes(100)])
def test_a_file_that_is_no_checkpoint_is_said_in_one_line(tmp_path, content):
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(AsdError, match="a.pth cannot be loaded as a checkpoint of tensors") as refused:
        read_checkpoint(str(tmp_path / "a.pth"), CLAP_2023)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("saved", [{}, {"model": {}}, [STATE], {"model": "x"}, {3: torch.zeros(1)}])
def test_a_file_without_named_tensors_is_no_checkpoint(tmp_path, saved):
    torch.save(saved, tmp_path / "a.pth")
    with pytest.raises(AsdError, match="holds no named tensors"):
        read_checkpoint(str(tmp_path / "a.pth"), CLAP_2023)


def test_a_path_without_a_file_says_what_to_do(tmp_path):
    with pytest.raises(
        UsageError, match=f"there is no file .*{CLAP_2023}; download .* or take the recipe clap-knn-ran"
    ):
        read_checkpoint(str(tmp_path), CLAP_2023)


@pytest.mark.parametrize(
    ("environment", "why"),
    [({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set"), ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "Connection refused")],
)
def test_a_hub_out_of_reach_is_one_line_that_says_what_to_do(tmp_path, environment, why):
    program = """from asd_core.encoders.clap.weights import *
try:
    read_checkpoint(HUB, CLAP_2023)
except AsdError as error:
    print(error)
"""
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0", "NO_PROXY": "*", **environment}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    (line,) = run.stdout.splitlines()
    assert why in line and "give its path as encoder.weights" in line
    assert run.stderr == ""  # no line a try
