"""Code blocks of Markdown pages, the commands in them, and why a block is not run."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

_NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
_PRINTED = "<!-- printed -->"
_PROGRAMS = r"(?:\.venv/bin/)?asd|(?:\.venv/bin/)?pip|make"
_COMMAND = re.compile(rf"(?:[A-Z_]+=\S+ )*(?:{_PROGRAMS}) +\S")
_WITHIN = re.compile(r"(?:^|[\s/])asd (?P<line>[a-z]+(?:-[a-z]+)* .*?--.*?)(?: *(?:>|\||&&).*)?$")


class Block(NamedTuple):
    """A fenced or indented block.

    Attributes:
        page: file name.
        line: number of its first line, from 1.
        language: of the fence; "" where there is none.
        title: a file name behind the language: the block is that file.
        text: without fence and indentation.
        not_run: reason that stands directly above; "" for a block that is run.
        is_printed: True where the block shows what the commands of the block before it print; "…" is left out of it.
    """

    page: str
    line: int
    language: str
    title: str
    text: str
    not_run: str
    is_printed: bool = False

    @property
    def lines(self):
        """Lines of the text, those that end in a backslash joined with the next, without comments."""
        whole = re.sub(r"\\\n\s*", "", self.text).splitlines()
        return [line.split("  # ")[0].strip() for line in whole if line.strip() and not line.startswith("#")]

    @property
    def commands(self):
        """Lines that begin with a program that pages tell a reader to type."""
        return [line for line in self.lines if _COMMAND.match(line) or line.startswith("export ")]

    @property
    def asd_lines(self):
        """Arguments of every `asd` with options in the block, also behind a schedule, a container or a URL."""
        return [found["line"] for line in self.lines if (found := _WITHIN.search(line))]


def blocks_of(page, text):
    """The blocks of a page in their order.

    Raises:
        ValueError: a fence that is never closed.
    """
    lines, found, at, marker, printed = text.splitlines(), [], 0, "", False
    while at < len(lines):
        line = lines[at]
        fence = re.fullmatch(r"( *)```(\w*) *(\S*)", line)
        if fence:
            end = at + 1
            while end < len(lines) and lines[end].strip() != "```":
                end += 1
            if end == len(lines):
                raise ValueError(f"{page}:{at + 1}: the fence is never closed")
            body = [one.removeprefix(fence[1]) for one in lines[at + 1 : end]]
            found.append(Block(page, at + 2, fence[2], fence[3], "\n".join(body), marker, printed))
            at, marker, printed = end + 1, "", False
        elif line.startswith("    ") and (at == 0 or not lines[at - 1].strip() or _NOT_RUN.match(lines[at - 1])):
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            body = [one[4:] for one in lines[at:end]]
            found.append(Block(page, at + 1, "", "", "\n".join(body).rstrip(), marker))
            at, marker = end, ""
        else:
            if line.strip():
                mark = _NOT_RUN.fullmatch(line.strip())
                marker, printed = mark[1] if mark else "", line.strip() == _PRINTED
            at += 1
    return found
