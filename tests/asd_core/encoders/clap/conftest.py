"""Files as MS-CLAP's and GPT-2's, written once: 2.5 GB, so removed at the end."""

import shutil

import pytest

from asd_core.encoders.clap.gpt2 import load_tokenizer
from tests.asd_core.encoders.clap.gpt2_files import write_hub_cache
from tests.asd_core.encoders.clap.msclap_files import write_clap, write_clapcap, write_gpt2_of_the_hub


@pytest.fixture(scope="session")
def clap_folder(tmp_path_factory):
    """A folder with both checkpoints and ``gpt2``, as a user without network gives it: all of seed 0."""
    folder = tmp_path_factory.mktemp("clap")
    write_gpt2_of_the_hub(folder)
    write_clap(folder)
    write_clapcap(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def tokenizer():
    return load_tokenizer("random")


@pytest.fixture(scope="session")
def hub_cache(tmp_path_factory):
    """A cache of the hub's client that holds a ``gpt2`` of seed 0."""
    folder = tmp_path_factory.mktemp("hub")
    snapshot = write_hub_cache(folder)
    yield folder
    (snapshot / "model.safetensors").unlink()
