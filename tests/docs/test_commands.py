"""docs/commands.md is what `--help` says."""

import pytest

from jobs.main import _COMMANDS
from tests.docs.blocks import blocks_of
from tests.docs.running import check_usage
from tests.docs.write_commands import PAGE, help_of, page


def test_the_page_is_what_help_says():
    assert PAGE.read_text("utf-8") == page(), "run python -m tests.docs.write_commands"


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_every_command_stands_there_with_an_example_that_it_takes(name, workspace, monkeypatch):
    monkeypatch.chdir(workspace)
    (block,) = [block for block in blocks_of("commands.md", page()) if block.text == help_of(name)]
    assert any(line.startswith(f"asd {name} ") for line in block.lines)
    for line in block.asd_lines:
        check_usage(line, name)
