"""Archives that tests of commands share."""

import pytest

from tests.command import asd
from tests.fleet import write_dcase
from tests.jobs.options import options


@pytest.fixture
def dcase(tmp_path):
    archive = write_dcase(tmp_path / "dev_data")
    assert asd("fit", archive, *options(tmp_path)).json["fitted"] == 2
    return archive
