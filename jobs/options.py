"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

STORE_VARIABLE, RECIPE_VARIABLE = "ASD_STORE", "ASD_RECIPE"
METRICS_VARIABLE, LOG_FORMAT_VARIABLE = "ASD_METRICS_FILE", "ASD_LOG_FORMAT"

LOG_FORMAT = "--log-format"

DEFAULT_RECIPE = "fleet"
"""The recipe of a command that names none."""

GENERATOR_RECIPE = "fs-twfr-gmm"
"""The recipe of a command that generates clips and names none."""

F = TypeVar("F", bound=Callable[..., Any])


def together(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Join several options in one decorator, in this order in the help."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def choice(*names: str, values: Sequence[str], help: str) -> Callable[[F], F]:
    """An option that takes one of these values. The first is the default, which the help shows."""
    return click.option(*names, type=click.Choice(values), default=values[0], show_default=True, help=help)


def parameters_of(options: Callable[[Any], Any]) -> list[click.Parameter]:
    """The parameters that a decorator of options gives a command."""
    return list(getattr(options(lambda: None), "__click_params__", []))


def names_of(options: Callable[[Any], Any]) -> set[str]:
    """Names of the parameters that a command is called with, of those that a decorator of options gives it."""
    return {parameter.name for parameter in parameters_of(options) if parameter.name and parameter.expose_value}


class _Amount(click.FloatRange):
    """A number within a range; "nan" and "inf" are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        amount: float = super().convert(value, param, ctx)
        if not math.isfinite(amount):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return amount


archive_options = together(
    click.option(
        "--layout",
        type=click.Choice(["auto", "fleet", "dcase", "mimii"]),
        default="auto",
        help="Naming scheme of files and folders; auto finds it out.",
    ),
    click.option(
        "--pattern",
        help="Naming scheme of your own, e.g. '{machine_type}/{machine_id}/{date}_{}.wav'; {} is anything.",
    ),
    click.option(
        "--night-ends",
        metavar="TIME",
        help="End of a night that crosses midnight, e.g. 12:00: earlier recordings are of the day before.",
    ),
)

store_option = click.option(
    "--store",
    "store_url",
    required=True,
    envvar=STORE_VARIABLE,
    show_envvar=True,
    metavar="FOLDER",
    help="Folder or s3:// address that keeps everything.",
)

settings_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting, e.g. detector.k=8 (repeatable).",
)


def recipe_options_of(default: str, variable: str | None) -> Callable[[F], F]:
    """Options that name a recipe: a default one, and the variable that names another, if any."""
    return together(
        click.option(
            "--recipe",
            "recipe_name",
            default=default,
            show_default=True,
            envvar=variable,
            show_envvar=variable is not None,
            metavar="NAME",
            help="Built-in recipe, or path to a .toml file.",
        ),
        settings_option,
        click.option("--encoder", "encoder_name", metavar="NAME", help="Imported embeddings, or a trained encoder."),
        click.option(
            "--channel", type=click.IntRange(min=0), help="Channel to hear, from 0. [default: the mean of all]"
        ),
    )


recipe_options = recipe_options_of(DEFAULT_RECIPE, RECIPE_VARIABLE)

generator_recipe_options = recipe_options_of(GENERATOR_RECIPE, None)

ENGINES = ("auto", "local", "processes", "ray")

engine_options = together(
    choice(
        "--engine",
        values=ENGINES,
        help="Where the work is done: local is this process, processes are a few of this machine, ray is a local Ray "
        "or a cluster; auto: ray where a cluster or GPUs are named or the work takes minutes, else processes.",
    ),
    click.option("--local", is_flag=True, help="The same as --engine local."),
    click.option(
        "--ray-address",
        metavar="ADDRESS",
        help="Cluster to join: auto or host:port. [default: RAY_ADDRESS, or none]",
    ),
    click.option("--cpus", type=click.IntRange(min=1), help="CPUs of this machine to work on. [default: all]"),
    click.option(
        "--cpus-per-worker",
        type=_Amount(min=0, min_open=True),
        default=1.0,
        show_default=True,
        help="CPUs that one worker asks for.",
    ),
    click.option(
        "--gpus",
        "gpus_per_encoder",
        type=_Amount(min=0),
        default=0.0,
        show_default=True,
        help="GPUs (or a share of one) that each encoder asks for.",
    ),
    click.option("--encoders", type=click.IntRange(min=1), help="Most encoders at work. [default: as many as fit]"),
    choice(
        "--decode",
        values=["auto", "tasks", "in-encoder"],
        help="Decode in tasks of their own, or in the encoder's process; auto: in tasks where encoders have GPUs.",
    ),
)

lock_option = click.option(
    "--no-wait", is_flag=True, help="Stop at once if another run does the same work. [default: wait for it]"
)

output_options = together(
    click.option(
        "--json", "as_json", is_flag=True, help="Print one line of JSON last on stdout, and all else on stderr."
    ),
    click.option("--quiet", is_flag=True, help="Print no progress and no remarks."),
    click.option(
        LOG_FORMAT,
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        envvar=LOG_FORMAT_VARIABLE,
        show_envvar=True,
        expose_value=False,  # `jobs.run_log` reads it, before anything can go wrong
        help="Lines on stderr for people, or one JSON object a line.",
    ),
)

metrics_option = click.option(
    "--metrics-file",
    envvar=METRICS_VARIABLE,
    show_envvar=True,
    metavar="FILE",
    help="Add the run's metrics to this file, for Prometheus: e.g. asd.prom in node exporter's textfile folder.",
)

normal_options = together(
    click.option("--since", metavar="DATE", help="First normal night, e.g. 2026-11-01."),
    click.option("--until", metavar="DATE", help="Last normal night."),
    click.option("--normal-list", metavar="FILE", help="Text file that names the normal clips, one on each line."),
)

include_train_option = click.option("--include-train", is_flag=True, help="Also score clips of split train.")
