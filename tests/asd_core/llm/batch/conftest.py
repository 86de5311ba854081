import pytest

from tests.asd_core.llm.batch.backfill import KEY
from tests.llm_server import LlmServer


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def server():
    with LlmServer() as running:
        yield running
