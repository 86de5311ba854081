import pytest

from tests.docs.blocks import blocks_of


def only(text):
    (block,) = blocks_of("page.md", text)
    return block


def test_a_fenced_block_has_its_language_its_title_and_its_line():
    block = only("Words.\n\n```toml space.toml\na = 1\n```\n")
    assert (block.language, block.title, block.text, block.line) == ("toml", "space.toml", "a = 1", 4)


def test_an_indented_block_ends_where_the_indentation_does():
    assert only("Words:\n\n    make demo\n\n    make test\nMore words.\n").commands == ["make demo", "make test"]


def test_a_line_that_continues_a_list_is_no_block():
    assert blocks_of("page.md", "- one\n    more of one\n") == []


def test_a_marker_holds_for_the_block_directly_below_it_and_for_no_other():
    text = "<!-- not run: needs a bucket -->\n```sh\nasd embed a\n```\n\n```sh\nasd embed b\n```\n"
    assert [block.not_run for block in blocks_of("page.md", text)] == ["needs a bucket", ""]
    assert only("<!-- not run: needs a bucket -->\nSo:\n\n    make demo\n").not_run == ""


def test_a_block_may_be_what_the_commands_before_it_print():
    first, second = blocks_of("page.md", "```sh\nasd recipes\n```\n\n<!-- printed -->\n```text\nfleet\n```\n")
    assert (first.is_printed, second.is_printed) == (False, True)


def test_a_command_goes_on_behind_a_backslash_and_ends_at_a_comment():
    block = only("```sh\n# first\nasd embed a \\\n  --store b  # here\nls\n```\n")
    assert block.commands == ["asd embed a --store b"]


def test_commands_within_a_line_are_found_too():
    block = only("```text\n30 5 * * * cd /srv && .venv/bin/asd nightly a --store b >> log 2>&1\n```\n")
    assert block.commands == [] and block.asd_lines == ["nightly a --store b"]


def test_a_fence_that_is_never_closed_is_an_error():
    with pytest.raises(ValueError, match="page.md:1"):
        blocks_of("page.md", "```sh\nasd embed a\n")
