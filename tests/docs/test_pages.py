"""Every command, query and file of the pages does what the page says, or the page says why it was not run."""

import pytest

from tests.docs.blocks import PAGES, ROOT, blocks_of
from tests.docs.running import check_shell, check_usage, not_printed, run_block
from tests.docs.workspace import fill, stand_ins_of
from tests.llm_server import LlmServer
from tests.message_receiver import MessageReceiver

BLOCKS = {str(page.relative_to(ROOT)): blocks_of(page.name, page.read_text("utf-8")) for page in PAGES}
WITH_BLOCKS = [name for name, blocks in BLOCKS.items() if blocks and name != "docs/commands.md"]


@pytest.fixture
def place(request, workspace, monkeypatch):
    """The folder that a page is run in, with what stands in for its servers; its exports end with it."""
    monkeypatch.chdir(workspace)
    monkeypatch.syspath_prepend(str(workspace))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return workspace


def servers(request, place, text):
    """What a page's servers and buckets are called here."""
    found = {}
    if "s3://plant" in text:
        bucket = request.getfixturevalue("bucket")
        fill(request.getfixturevalue("s3_server"), bucket, place / "recordings")
        found["s3://plant"] = bucket
    if "http://localhost:8000/v1" in text:
        server = LlmServer().start()
        request.addfinalizer(server.stop)
        found["http://localhost:8000/v1"] = server.url
    if "http://localhost:8065/hooks" in text:
        receiver = MessageReceiver()
        receiver.__enter__()
        request.addfinalizer(lambda: receiver.__exit__(None, None, None))
        found["http://localhost:8065/hooks"] = receiver.url
    return found


@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_what_a_page_tells_a_reader_to_type_works(name, request, place, monkeypatch):
    text = "\n".join(block.text for block in BLOCKS[name] if not block.not_run)
    names, printed = stand_ins_of(servers(request, place, text)), ""
    for block in BLOCKS[name]:
        here = f"{name}:{block.line}"
        if block.is_printed:
            assert not not_printed(block, printed), f"{here}: not printed, but this was:\n{printed}"
        elif not block.not_run:
            printed = run_block(block, names, here, place, monkeypatch)
        check_shell(block, here)
        for line in block.asd_lines:
            check_usage(line, here)
