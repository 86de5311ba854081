import pytest

from asd_core.errors import AsdError, UsageError
from asd_core.store.local_files import LocalFiles
from tests.asd_core.llm.batch.backfill import asked, opened
from tests.llm_server import LlmServer


@pytest.mark.parametrize("page", [b"<!doctype html>", b"<html>Bad gateway</html>", {}, []])
def test_an_answer_to_the_upload_that_is_no_file_is_told_in_one_line(server, tmp_path, page):
    server.batches.upload = lambda data: page
    with pytest.raises(AsdError, match="has no Batch API .it answered something else than") as told:
        asked(server, LocalFiles(tmp_path))
    assert "\n" not in str(told.value) and LocalFiles(tmp_path).list("batches") == []


@pytest.mark.parametrize("page", [b"<!doctype html>", b"<html>Bad gateway</html>", {"id": 7}])
def test_a_page_in_the_place_of_a_batch_loses_nothing(server, tmp_path, page):
    retrieve, server.batches.retrieve = server.batches.retrieve, lambda batch_id: page
    with pytest.raises(AsdError, match="it answered something else than"):
        asked(server, LocalFiles(tmp_path))
    server.batches.retrieve = retrieve
    assert all(answer.text for answer in asked(server, LocalFiles(tmp_path)).values())
    assert len(server.batches.made) == 1


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_batches_is_told_apart_in_one_line(tmp_path, status):
    with LlmServer(has_batches=False, missing=status) as server, pytest.raises(AsdError) as told:
        asked(server, LocalFiles(tmp_path))
    assert f"has no Batch API (it answered {status}): leave --batch-api out" in str(told.value)
    assert "\n" not in str(told.value) and LocalFiles(tmp_path).list() == []


def test_without_a_key_it_says_so(server, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
        opened(server, LocalFiles(tmp_path))
