"""A block that is neither run nor marked fails."""

import pytest

from asd_core.errors import UsageError
from tests.docs.blocks import Block
from tests.docs.running import check_shell, check_usage, not_printed, run_block


def run(text, monkeypatch, tmp_path, language="sh", title=""):
    monkeypatch.chdir(tmp_path)
    run_block(Block("page.md", 1, language, title, text, ""), str, "page.md:1", tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("kubectl create -f job.yaml", "sh", "not marked"),
        ("pip install asd", "sh", "mark the block"),
        ("asd embed nowhere --recipe twfr-knn --store store", "sh", "no such folder"),
        ("make no-such-target", "sh", "no-such-target"),
        ("asd alarms --recipe twfr-knn --store store || echo listen", "sh", "nothing is scored"),
        ("ExecStart=/srv/.venv/bin/asd nightly a --store b", "ini", "not marked"),
        ("cargo run", "rust", "nothing runs rust"),
    ],
)
def test_what_cannot_be_run_fails(text, language, words, monkeypatch, tmp_path):
    with pytest.raises(AssertionError, match=words):
        run(text, monkeypatch, tmp_path, language)


def test_no_page_asks_openai(monkeypatch, tmp_path):
    with pytest.raises(AssertionError, match="would ask OpenAI"):
        run("export OPENAI_API_KEY=none\nasd nightly a --recipe twfr-gmm --store b", monkeypatch, tmp_path)


def test_python_runs_and_a_titled_block_is_saved(monkeypatch, tmp_path):
    run("value = 1", monkeypatch, tmp_path, "python", "mine/value.py")
    assert (tmp_path / "mine" / "value.py").read_text() == "value = 1\n"
    with pytest.raises(ZeroDivisionError):
        run("1 / 0", monkeypatch, tmp_path, "python")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("python -m tests.accuracy.nothing", "no module"),
        ("kubectl create -f infra/nothing.yaml", "no infra/nothing.yaml"),
        ('pip install --constraint constraints.txt ".[cpu,nothing]"', "no such extras"),
    ],
)
def test_what_a_line_names_must_be_there_though_it_is_not_run(line, words):
    with pytest.raises(AssertionError, match=words):
        check_shell(Block("page.md", 1, "sh", "", line, "takes long"), "page.md:1")


def test_a_file_of_defaults_is_one_that_commands_take(monkeypatch, tmp_path):
    assert run('store = "store"\n', monkeypatch, tmp_path, "toml", "asd.toml") is None
    with pytest.raises(UsageError, match="stor"):
        run('stor = "store"\n', monkeypatch, tmp_path, "toml", "asd.toml")


def test_what_a_command_prints_can_be_kept_in_a_file(monkeypatch, tmp_path):
    run("asd recipes twfr-knn > recipe.txt", monkeypatch, tmp_path)
    assert "memory_bank" in (tmp_path / "recipe.txt").read_text()


def test_a_marked_command_must_have_its_options():
    check_usage("nightly a --recipe twfr-gmm --store b --quiet", "page.md:1")
    with pytest.raises(AssertionError, match="--loud"):
        check_usage("nightly a --recipe twfr-gmm --store b --loud", "page.md:1")


def test_lines_that_were_not_printed_are_found():
    shown = Block("page.md", 1, "text", "", "fitted … of 2 machines\n  1 empty\nnobody says this", "", True)
    assert not_printed(shown, "note\nfitted 2 of 2 machines\n1 empty\n") == ["nobody says this"]
