"""A block that is neither run nor marked fails."""

import pytest

from tests.docs.blocks import Block
from tests.docs.running import check_usage, run_block


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


def test_a_marked_command_must_have_its_options():
    check_usage("nightly a --recipe twfr-gmm --store b --quiet", "page.md:1")
    with pytest.raises(AssertionError, match="--loud"):
        check_usage("nightly a --recipe twfr-gmm --store b --loud", "page.md:1")
