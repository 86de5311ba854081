"""Running blocks of pages in a folder, and checking commands that are not run."""

import importlib.util
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import click

from asd_core.recipe.recipe import Recipe
from asd_core.tuning.space.space import load_space
from jobs.defaults import FILE as DEFAULTS
from jobs.defaults import file_defaults
from jobs.main import asd as group
from tests.command import asd
from tests.docs.blocks import ROOT

IN_ALARM = 4  # exit code of `asd alarms --fail-on-alarm`
EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
ONLY_READ = ("", "text", "csv", "json", "ini", "yaml")


def run_block(block, names, here, place, monkeypatch):
    """Do what a block says: write its file, run its code, query or commands.

    Args:
        block: of a page.
        names: puts stand-ins into a text.
        here: page and line, for messages.
        place: folder, which is the current one.
        monkeypatch: takes back what the block exports.

    Returns:
        What its commands printed, on stdout and stderr.
    """
    text = names(block.text)
    if block.title == DEFAULTS:
        return check_defaults(text, place, monkeypatch)
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
    return "".join(run_command(names(command), here, monkeypatch) for command in block.commands)


def not_printed(block, printed):
    """The lines of a block that no line of what was printed is like; "…" stands for anything."""
    lines = printed.splitlines()
    patterns = {line: ".*".join(map(re.escape, line.strip().split("…"))) for line in block.text.splitlines()}
    return [line for line, pattern in patterns.items() if not any(re.fullmatch(pattern, one.strip()) for one in lines)]


def run_command(command, here, monkeypatch):
    """Run a line; gives what it printed. `> FILE` keeps what it prints, `||` lets it say that a machine is in alarm."""
    words = shlex.split(command, comments=True)
    (program, *arguments), right = words, (0,)
    if "||" in arguments:
        arguments, right = arguments[: arguments.index("||")], (0, IN_ALARM)
    file = ""
    if ">" in arguments:
        *arguments, _, file = arguments
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
        assert said.code in right, f"{here}: {command}\n{said.err}"
        if file:
            Path(file).write_text(said.out, "utf-8")
        return said.out + said.err
    else:
        raise AssertionError(f"{here}: {program} is not run by this test: mark the block")
    return ""


def local(arguments):
    """`--local`, where the command has it and no cluster is named: pages leave it out, and tests have no Ray."""
    command = group.get_command(click.Context(group), arguments[0])
    known = command is not None and any("--local" in parameter.opts for parameter in command.params)
    chosen = {"--local", "--engine", "--ray-address", "--help", "--submissions"}
    return ["--local"] if known and not chosen & set(arguments) else []


def check_shell(block, here):
    """The modules, files and extras of the project that a block names are there, also where it is not run."""
    for line in block.lines:
        for name in re.findall(r"python -m (tests[\w.]+)", line):
            assert importlib.util.find_spec(name), f"{here}: there is no module {name}"
        for path in re.findall(r"(?<![\w/.])(?:infra|constraints|examples)[\w/.-]*", line):
            assert (ROOT / path).exists(), f"{here}: there is no {path}"
        for extras in re.findall(r"pip install .*\.\[([\w,]+)\]", line):
            assert set(extras.split(",")) <= EXTRAS, f"{here}: no such extras: {extras}"


def check_defaults(text, place, monkeypatch):
    """It is a file of defaults that commands take, in a folder of its own, so that no other page has them."""
    folder = place / "defaults"
    folder.mkdir(exist_ok=True)
    (folder / DEFAULTS).write_text(text, "utf-8")
    monkeypatch.chdir(folder)
    taken = file_defaults(group.get_command(click.Context(group), "nightly"), [])
    monkeypatch.chdir(place)
    assert len(taken) == len(tomllib.loads(text))
    return ""


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
