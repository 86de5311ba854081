"""What tests share: where the real recordings are."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = os.environ.get("ASD_REAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("ASD_REAL_DATA names no folder of real recordings and features")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def ray_session():
    """One Ray for all tests of this process; commands under test start their own in processes of their own."""
    from cluster.session import session

    with session(cpus=3):
        yield
