"""`python -m tests.docs.write_commands`: docs/commands.md from the help of every command."""

import click

from jobs.main import _COMMANDS, asd
from tests.docs.blocks import ROOT

PAGE = ROOT / "docs" / "commands.md"
_WIDTH = 100
_HEAD = """# Commands

Each command answers to `--help` with the text below. `python -m tests.docs.write_commands` writes this page from it.
Exit codes, variables and the keys of `--json` are in [environment](environment.md), the settings behind `--recipe` and
`--set` in [recipes](recipes.md).

| command | use |
|---|---|
"""


def help_of(name=""):
    """The help of a command, or of `asd` itself, at the page's width."""
    above = click.Context(asd, info_name="asd", terminal_width=_WIDTH, max_content_width=_WIDTH, **asd.context_settings)
    if not name:
        return asd.get_help(above)
    command = asd.get_command(above, name)
    context = click.Context(command, info_name=name, parent=above)
    return command.get_help(context)


def page():
    """The page's text."""
    rows = [f"| [`asd {name}`](#asd-{name}) | {use.rstrip('.')} |" for name, use in _COMMANDS.items()]
    sections = [f"## {title}\n\n```text\n{text}\n```\n" for title, text in _sections()]
    return _HEAD + "\n".join(rows) + "\n\n" + "\n".join(sections)


def _sections():
    yield "asd", help_of()
    for name in _COMMANDS:
        yield f"asd {name}", help_of(name)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
