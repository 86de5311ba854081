"""The folder that all pages are run in."""

import pytest

from tests.docs.workspace import build


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    return build(tmp_path_factory.mktemp("docs"))
