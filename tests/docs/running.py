"""Running blocks of pages in a folder, and checking commands that are not run."""

import os
import shlex
import subprocess
import tomllib

import click

from asd_core.recipe.recipe import Recipe
from asd_core.tuning.space.space import load_space
from jobs.main import asd as group
from tests.command import asd
from tests.docs.blocks import ROOT

ONLY_READ = ("", "text", "csv", "json", "ini", "yaml")


def run_block(block, names, here, place, monkeypatch):
    """Do what a block says: write its file, run its code, query or commands.

    Args:
        block: of a page.
        names: puts stand-ins into a text.
        here: page and line, for messages.
        place: folder, which is the current one.
        monkeypatch: takes back what the block exports.
    """
    text = names(block.text)
    if block.title:
        (place / block.title).parent.mkdir(parents=True, exist_ok=True)
        (place / block.title).write_text(text + "\n", encoding="utf-8")
    if block.language == "python":
        exec(compile(text, here, "exec"), {"__name__": "page"})
    elif block.language == "sql":
        import duckdb

        duckdb.sql(text)
    elif block.language == "toml":
        check_toml(text, place)
    elif block.language == "sh":
        strange = set(block.lines) - set(block.commands)
        assert not strange, f"{here}: not run and not marked: {strange}"
    else:
        assert block.language in ONLY_READ, f"{here}: nothing runs {block.language}"
        inside = [line for line in block.asd_lines if not any(line in command for command in block.commands)]
        assert not inside, f"{here}: not run and not marked: {inside}"
    for command in block.commands:
        run_command(names(command), here, monkeypatch)


def run_command(command, here, monkeypatch):
    program, *arguments = shlex.split(command, comments=True)
    if program == "export":
        for setting in arguments:
            monkeypatch.setenv(*setting.split("=", 1))
    elif program == "make":
        done = subprocess.run(["make", "--dry-run", *arguments], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, f"{here}: {done.stderr}"
    elif program.endswith("asd"):
        asks = "OPENAI_API_KEY" in os.environ and not {"--llm-base-url", "--captioner"} & set(arguments)
        assert not asks, f"{here}: {command} would ask OpenAI"
        said = asd(*arguments, *local(arguments))
        assert said.code == 0, f"{here}: {command}\n{said.err}"
    else:
        raise AssertionError(f"{here}: {program} is not run by this test: mark the block")


def local(arguments):
    """`--local`, where the command has it and no cluster is named: pages leave it out, and tests have no Ray."""
    command = group.get_command(click.Context(group), arguments[0])
    known = command is not None and any("--local" in parameter.opts for parameter in command.params)
    chosen = {"--local", "--engine", "--ray-address", "--help", "--submissions"}
    return ["--local"] if known and not chosen & set(arguments) else []


def check_usage(line, here):
    """The command is there and has these options, also where it is not run."""
    name, *arguments = shlex.split(line, comments=True)
    command = group.get_command(click.Context(group), name)
    assert command is not None, f"{here}: there is no command {name}"
    try:
        command.make_context(name, arguments)
    except click.ClickException as error:
        raise AssertionError(f"{here}: asd {line}: {error.format_message()}") from error


def check_toml(text, place):
    """It is a recipe, or a space of one."""
    tables = tomllib.loads(text)
    if not any("." in name for name in tables):
        Recipe("page", tables)
    else:
        (place / "checked.toml").write_text(text, encoding="utf-8")
        load_space(str(place / "checked.toml"))
