"""A newcomer's walk through the pages ends well."""

import pytest

from tests.docs.walk import Step, Walk, commands_of, report_of, walk


def test_commands_are_those_of_the_first_block_with_such_a_line():
    assert commands_of("README.md", "make demo") == ["make demo", "make test"]
    assert commands_of("docs/s3.md", "aws s3 sync")[0].startswith("aws s3 sync demo/recordings s3://")
    with pytest.raises(LookupError, match="has no command"):
        commands_of("README.md", "make coffee")


def test_the_report_is_the_last_that_was_named():
    assert report_of("report: a\nwords\nreport: s3://b/index.html\n") == "s3://b/index.html"


def test_a_command_that_fails_ends_the_walk(tmp_path):
    with pytest.raises(AssertionError, match="no such thing"):
        Walk(tmp_path).shell("echo no such thing; false")


def test_the_table_has_a_line_for_each_step(tmp_path):
    done = Walk(tmp_path)
    done.steps.append(Step("clone", "", ["git clone ..."], 1.25, "README.md"))
    assert "| 1 | clone | yours | 1.2 s | README.md |" in done.table() and "1 s in all" in done.table()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_newcomer_comes_from_a_clone_to_a_night_on_s3_its_page_and_a_message(tmp_path):
    steps = {step.name: step for step in walk(tmp_path).steps}
    assert all(step.seen for step in steps.values())
    for name in ("read the page in a browser", "read its page from the bucket", "serve the store"):
        assert "4 machines of 9 are in alarm" in steps[name].seen
    assert "5 messages" in steps["read the messages"].seen  # a test, and one of each machine
