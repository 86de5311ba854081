"""The engine that a command's options ask for (`jobs.options.engine_options`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

from asd_core.errors import AsdError, UsageError

if TYPE_CHECKING:
    from asd_core.pipeline.engine import Engine
    from asd_core.recipe.recipe import Recipe

_IMPORTED_BY_SCRIPT = ["jobs.main"]
_OF_THIS_MACHINE = ("local", "processes")


def engine_named(options: Mapping[str, Any]) -> str:
    """``local``, ``processes``, ``ray``, or ``auto`` where it depends on the work.

    Raises:
        UsageError: options exclude each other.
    """
    from cluster.resources import refuse_amounts

    name, address = options["engine"], options["ray_address"]
    refuse_amounts(options["cpus_per_worker"], options["gpus_per_encoder"])
    if options["local"]:
        if name not in ("auto", "local"):
            raise UsageError(f"--local and --engine {name} exclude each other: leave one out")
        name = "local"
    shown = "--local" if options["local"] else f"--engine {name}"
    if name in _OF_THIS_MACHINE and address:
        raise UsageError(f"{shown} and --ray-address exclude each other: leave one out")
    if name == "local" and (options["cpus"] or 1) > 1:
        raise UsageError(f"{shown} works in one process, so --cpus {options['cpus']} has no place: take processes")
    if name == "processes" and options["gpus_per_encoder"]:
        raise UsageError("--engine processes shares out no GPU, so --gpus has no place: take ray, or local")
    if address and options["cpus"]:
        raise UsageError("--cpus is for this machine and --ray-address for a cluster, which has its own: leave one out")
    if name == "auto" and (address or os.environ.get("RAY_ADDRESS") or options["gpus_per_encoder"]):
        return "ray"
    return str(name)


def prepare_engine(options: Mapping[str, Any]) -> None:
    """Start to import for worker processes, where there may be any, while this process lists an archive."""
    from asd_core.pipeline.worker_processes import start_server, usable_cpus

    if engine_named(options) in ("auto", "processes") and usable_cpus() > 1:
        start_server(_IMPORTED_BY_SCRIPT)


@contextmanager
def open_engine(
    say: Callable[[str], None],
    options: Mapping[str, Any],
    settings: Mapping[str, Any] | None = None,
    *,
    shows_ray: bool = False,
    on_ray: Callable[[ExitStack], None] = lambda opened: None,
) -> Iterator[Engine]:
    """The engine that options ask for; its processes, or its Ray session, live as long as the block.

    Args:
        say: told where the work is done.
        options: those of `engine_options`.
        settings: of the recipe, whose own classes are sent to a cluster.
        shows_ray: ``auto`` is Ray, however small the work.
        on_ray: called once a Ray session is open, with what is closed before it.
    """
    name = engine_named(options)
    if name == "local":
        from asd_core.pipeline.engine import LocalEngine

        if options["gpus_per_encoder"]:
            refuse_no_gpu(f"--gpus {options['gpus_per_encoder']:g}")
        yield LocalEngine("cuda" if options["gpus_per_encoder"] else "cpu")
        return
    with ExitStack() as opened:
        if name == "ray":
            address = options["ray_address"] or os.environ.get("RAY_ADDRESS")
            say(f"joining Ray at {address}" if address else "starting Ray on this machine")
            yield _ray(opened, options, address, settings or {}, on_ray)
            return
        from asd_core.pipeline.processes import ProcessEngine
        from asd_core.pipeline.worker_processes import usable_cpus

        workers = max(1, int((options["cpus"] or usable_cpus()) / options["cpus_per_worker"]))
        processes = opened.enter_context(closing(ProcessEngine(workers)))
        if name == "processes":
            yield processes
            return
        from cluster.auto_engine import RAY_PAYS, AutoEngine

        yield AutoEngine(
            processes, lambda: _ray(opened, options, None, {}, on_ray), say, 0.0 if shows_ray else RAY_PAYS
        )


def cpu_note(recipe: Recipe) -> str:
    """One line for a run with GPUs whose encoders do not compute on them; empty where one does."""
    from asd_core.encoders.build import kind_of

    kinds = {recipe.for_machine(name).encoder.kind for name in ("", *recipe.settings.get("machine", {}))}
    if any(kind_of(kind).uses_device for kind in kinds):
        return ""
    return f"note: {' and '.join(sorted(kinds))} computes on CPUs: --gpus does nothing for its embeddings"


def refuse_no_gpu(option: str) -> None:
    """Raise AsdError where torch can use no GPU in this process, with torch's own reason.

    Args:
        option: names what asked for one.
    """
    import torch

    if not torch.cuda.is_available():
        try:
            torch.zeros(1, device="cuda")
            reason = "torch sees none"
        except (RuntimeError, AssertionError) as error:
            reason = str(error).strip().split("\n")[0].split(". ")[0].rstrip(".")
        raise AsdError(f"{option}: this process can use no GPU ({reason}): leave --gpus out")


def _ray(
    opened: ExitStack,
    options: Mapping[str, Any],
    address: str | None,
    settings: Mapping[str, Any],
    on_ray: Callable[[ExitStack], None],
) -> Engine:
    from cluster.engine import RayEngine
    from cluster.own_modules import own_module_paths
    from cluster.resources import Resources
    from cluster.session import session

    opened.enter_context(session(address, options["cpus"], own_module_paths(settings)))
    on_ray(opened)
    return RayEngine(
        Resources(options["cpus_per_worker"], options["gpus_per_encoder"], options["encoders"], options["decode"])
    )
