"""Defaults of one's own: ``ASD_STORE``, ``ASD_RECIPE`` and a file ``asd.toml``.

An option of the command wins over a variable, a variable over the file, and the file over the built-in default. The
file stands beside the store that is named, or in the current folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from asd_core.errors import UsageError, did_you_mean
from asd_core.text_files import read_text, toml_of
from jobs.options import (
    STORE_VARIABLE,
    archive_options,
    engine_options,
    metrics_option,
    parameters_of,
    recipe_options,
    store_option,
    together,
)

if TYPE_CHECKING:
    from jobs.console import Talk

FILE = "asd.toml"
_BUILT_IN = ""  # no file and no variable

_NOT_THERE = ("--set",)  # a setting of every run belongs into the recipe


def file_defaults(command: click.Command, arguments: Sequence[str]) -> dict[str, Any]:
    """Parameter → value of a command, from the file of defaults.

    Args:
        command: whose parameters.
        arguments: that it is given: the file beside the store that they name comes first.

    Raises:
        UsageError: a file that cannot be read, or that has an unknown key or a value that is none.
    """
    path = _file_for(_store_in(arguments) or os.environ.get(STORE_VARIABLE))
    if path is None:
        return {}
    options = {_key_of(option): option for option in command.params if isinstance(option, click.Option)}
    values = _read(path)
    return {str(options[key].name): _placed(key, value, path.parent) for key, value in values.items() if key in options}


def say_defaults(talk: Talk) -> None:
    """Say once which options of the running command come from a variable or a file, and which recipe by default."""
    ctx = click.get_current_context()
    found: dict[str, list[str]] = {}
    for option in ctx.command.params:
        if not option.expose_value:
            continue
        source = ctx.get_parameter_source(option.name or "")
        value = f"{_key_of(option)} {ctx.params.get(option.name or '')}"
        if source is ParameterSource.ENVIRONMENT:
            found.setdefault(str(option.envvar), []).append(value)
        elif source is ParameterSource.DEFAULT_MAP:
            found.setdefault(FILE, []).append(value)
        elif source is ParameterSource.DEFAULT and option.name == "recipe_name":
            found.setdefault(_BUILT_IN, []).append(value)
    told = {_BUILT_IN: "by default"}
    if found:
        talk.say("; ".join(f"{', '.join(words)} ({told.get(at, f'from {at}')})" for at, words in found.items()))


def naming_file(error: click.ClickException) -> click.ClickException:
    """A usage error with the file of defaults named, where the value that it is about stands there."""
    if not isinstance(error, click.BadParameter) or error.ctx is None or error.param is None:
        return error
    if error.ctx.get_parameter_source(error.param.name or "") is not ParameterSource.DEFAULT_MAP:
        return error
    return click.UsageError(f"{error.format_message()} ({FILE} has it)", error.ctx)


def _file_for(store: str | None) -> Path | None:
    """The file beside a store in a folder, else the one in the current folder; None where there is none."""
    beside = [] if not store or "://" in store else [Path(store).parent]
    for folder in (*beside, Path()):
        if (folder / FILE).is_file():
            return folder / FILE
    return None


def _store_in(arguments: Sequence[str]) -> str | None:
    for place, word in enumerate(arguments):
        if word == "--store":
            return next(iter(arguments[place + 1 :]), None)
        if word.startswith("--store="):
            return word.partition("=")[2]
    return None


def _read(path: Path) -> dict[str, Any]:
    values = toml_of(read_text(path, f"the defaults in {path}"), f"cannot read the defaults in {path}")
    known = _known()
    kept = {key.replace("_", "-"): _text_of(value) for key, value in values.items()}
    for key, value in kept.items():
        if key not in known:
            raise UsageError(f"{path} has no key {key!r}{did_you_mean(key, known)}")
        if not isinstance(value, bool | int | float | str) or isinstance(value, bool) is not known[key]:
            kind = "true or false" if known[key] else "one text or number"
            raise UsageError(f"{path}: {key} must be {kind}, got {value!r}")
        if "\0" in str(value):
            raise UsageError(f"{path}: {key} = {value!r} holds a NUL character: leave it out")
    return kept


def _text_of(value: Any) -> Any:
    """A time, which TOML has beside texts and numbers, as the command line writes it."""
    return value.isoformat("minutes") if isinstance(value, time) else value


def _known() -> Mapping[str, bool]:
    """Key → True for an option that is on or off; of all options that may stand in the file."""
    options = parameters_of(together(store_option, recipe_options, archive_options, engine_options, metrics_option))
    return {
        _key_of(option): isinstance(option, click.Option) and option.is_flag
        for option in options
        if not set(option.opts) & {*_NOT_THERE}
    }


def _key_of(option: click.Parameter) -> str:
    return option.opts[0].lstrip("-")


def _placed(key: str, value: Any, folder: Path) -> Any:
    """A value of the file; a store, recipe or file in a folder is looked for from the folder of the file."""
    is_path = (key == "store" and "://" not in str(value)) or (key == "recipe" and str(value).endswith(".toml"))
    is_path = is_path or key == "metrics-file"
    return os.path.join(folder, value) if is_path and folder != Path() else value
