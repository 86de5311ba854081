"""Files as MS-CLAP's, written once: 2 GB, so removed at the end."""

import shutil

import pytest

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
