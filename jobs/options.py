"""Options that commands share, and what they mean."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from asd_core.errors import UsageError
from jobs.console import Talk

if TYPE_CHECKING:
    from asd_core.pipeline.engine import Engine
    from asd_core.recipe.recipe import Recipe
    from asd_core.store.store import Store

F = TypeVar("F", bound=Callable[..., Any])


def together(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Several options as one decorator, in this order in the help."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


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
        type=click.Choice(["auto", "dcase", "fleet"]),
        default="auto",
        help="How names and folders tell machine and date; found out by itself.",
    ),
    click.option(
        "--pattern",
        help="Layout of one's own, e.g. '{machine_type}/{machine_id}/{date}_{}.wav'; {} is anything.",
    ),
    click.option("--channel", type=click.IntRange(min=0), help="Which channel, from 0. [default: the mean of all]"),
)

store_option = click.option(
    "--store", "store_url", required=True, metavar="FOLDER", help="Folder that keeps everything."
)

recipe_options = together(
    click.option(
        "--recipe", "recipe_name", required=True, metavar="NAME", help="Built-in recipe, or path to a .toml file."
    ),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="Change a setting, e.g. detector.k=8 (repeatable).",
    ),
    click.option("--encoder", "encoder_name", metavar="NAME", help="Imported embeddings to use."),
)

engine_options = together(
    click.option("--local", is_flag=True, help="In this process, without Ray: for small archives."),
    click.option(
        "--ray-address",
        metavar="ADDRESS",
        help="Cluster to join: auto, host:port or ray://host:port. [default: a local Ray of its own]",
    ),
    click.option("--cpus", type=click.IntRange(min=1), help="CPUs of the local Ray. [default: all]"),
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
    click.option("--encoders", type=click.IntRange(min=1), help="Encoder actors at most. [default: as many as fit]"),
    click.option(
        "--decode",
        type=click.Choice(["auto", "tasks", "in-encoder"]),
        default="auto",
        show_default=True,
        help="Decode in tasks of their own or in the encoder's process; auto: tasks where encoders have GPUs.",
    ),
)

lock_option = click.option(
    "--no-wait", is_flag=True, help="Give up at once if another run is at the same work. [default: wait for it]"
)

output_options = together(
    click.option("--json", "as_json", is_flag=True, help="One line of JSON last on stdout, all else on stderr."),
    click.option("--quiet", is_flag=True, help="No progress and no remarks."),
)


@contextmanager
def only_run(
    talk: Talk, store: Store, no_wait: bool, job: str, key: str, archive: str | None = None, date: str | None = None
) -> Iterator[None]:
    """Be the only run of a job on a recipe's archive and date for the length of the block."""
    from asd_core.store.addresses import open_files
    from asd_core.store.locks import lock_name, run_lock

    def waiting(holder: str) -> None:
        talk.say(f"waiting for {holder}, which is at the same run (--no-wait gives up instead)")

    name = lock_name(job, key, open_files(archive).url if archive else None, date)
    with run_lock(store.files, name, wait=not no_wait, waiting=waiting):
        yield


def refuse_contradictions(options: dict[str, Any]) -> None:
    """Refuse `engine_options` that exclude each other."""
    if options["local"] and options["ray_address"]:
        raise UsageError("--local and --ray-address exclude each other: leave one out")


@contextmanager
def open_engine(talk: Talk, options: dict[str, Any]) -> Iterator[Engine]:
    """The engine that `engine_options` ask for; a Ray session lives as long as the block."""
    refuse_contradictions(options)
    if options["local"]:
        from asd_core.pipeline.engine import LocalEngine

        yield LocalEngine("cuda" if options["gpus_per_encoder"] else "cpu")
        return
    address = options["ray_address"] or os.environ.get("RAY_ADDRESS")
    talk.say(f"joining Ray at {address}" if address else "starting Ray on this machine")
    from cluster.engine import RayEngine
    from cluster.resources import Resources
    from cluster.session import session

    with session(address, options["cpus"]):
        yield RayEngine(
            Resources(options["cpus_per_worker"], options["gpus_per_encoder"], options["encoders"], options["decode"])
        )


def open_recipe(name: str, settings: Sequence[str], encoder_name: str | None, channel: int | None = None) -> Recipe:
    """The recipe with ``--set``, ``--encoder`` and ``--channel`` laid over it."""
    from asd_core.encoders.kinds import kind_of
    from asd_core.recipe.recipe import load_recipe

    recipe = load_recipe(name)
    changes: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--set takes KEY=VALUE, such as detector.k=8, got {setting!r}")
        changes[key.strip()] = _value(value.strip())
    recipe = recipe.with_settings(changes | {"encoder.channel": channel})
    if encoder_name is not None:
        if kind_of(recipe.for_machine("").encoder.kind).is_from_audio:
            raise UsageError(
                f"recipe {name} makes its own embeddings, so --encoder {encoder_name} has no place: "
                "take imported-knn or another imported-... recipe"
            )
        recipe = recipe.with_settings({"encoder.name": encoder_name})
    return recipe


def open_store_of(url: str) -> Store:
    """The store of ``--store``; a file in its place is refused."""
    from asd_core.store.store import open_store

    if "://" not in url and Path(url).is_file():
        raise UsageError(f"the store {url} is a file: name a folder")
    return open_store(url)


def _value(text: str) -> Any:
    """``8``, ``0.5``, ``true`` and ``null`` as JSON has them, anything else as a string."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float | str) else text
