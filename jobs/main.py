"""The command ``asd``."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
import sys
from typing import Any, NoReturn

import click

from jobs.defaults import file_defaults
from jobs.endings import TRACEBACK, end, hush_threads, keep_interrupts, prepare_streams, without_traceback
from jobs.run_log import RunLog, log_of

_COMMANDS = {
    "demo": "Try everything on a simulated fleet.",
    "simulate": "Write a simulated fleet of machines with faults.",
    "embed": "Embed the recordings of an archive.",
    "import-embeddings": "Import embeddings made elsewhere.",
    "import-scores": "Import anomaly scores made elsewhere.",
    "pseudo-label": "Find classes of normal clips without attributes.",
    "train": "Train an encoder to tell machines and their states apart.",
    "synthesize": "Generate sounds of machines from their labels.",
    "fit": "Learn the normal sound of every machine.",
    "ensemble": "Combine the scores of several recipes.",
    "score": "Score recordings with the newest scorer of each machine.",
    "nightly": "Score one night's recordings, explain and report them.",
    "caption": "Explain the flagged clips of a scored night.",
    "backfill-captions": "Explain the flagged clips of past nights.",
    "evaluate": "Measure detection on labelled recordings.",
    "tune": "Search for the best settings.",
    "first-shot": "Choose settings on generated clips, fit, score and report.",
    "alarms": "Name the machines of a night that are in alarm.",
    "notify": "Tell receivers which machines are in alarm, and which no more.",
    "label": "Tell that a clip or a night is normal, or a fault.",
    "maintenance": "Name the nights on which a machine is worked on.",
    "scorers": "List the scorers of every machine, or go back to earlier ones.",
    "report": "Write the report of a scored night.",
    "serve": "Serve nights, machines and clips as web pages, and take labels.",
    "ratings": "Sum up how people rated the captions.",
    "recipes": "List the recipes, or show one with every field.",
    "runs": "List past runs, or show one.",
    "status": "Tell the last nights, and what is at work or was left.",
    "prune": "Remove old reports, superseded scorers, what never ended.",
}

_HELP = ["-h", "--help"]


class Commands(click.Group):
    """The commands, each imported only when it is asked for, so that ``asd --help`` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of their use."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"jobs.{cmd_name.replace('-', '_')}").command
        # Click keeps the first help option that it makes, also one for a caller that has no group around the command.
        command.context_settings.setdefault("help_option_names", _HELP)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; where lines are JSON, without the empty line that Click prints for Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            log = ctx.find_object(RunLog)
            if log is not None and log.as_json:
                raise click.Abort from None
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, or a usage error that names the nearest one."""
        from asd_core.errors import did_you_mean

        if args and not args[0].startswith("-") and args[0] not in _COMMANDS:
            raise click.UsageError(f"there is no command {args[0]!r}{did_you_mean(args[0], _COMMANDS)}", ctx)
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and command is not None:
            ctx.default_map = {name: file_defaults(command, rest)}
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a line for each command, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": _HELP})
@click.version_option(package_name="asd-fleet", prog_name="asd")
@click.option(TRACEBACK, is_flag=True, expose_value=False, help="Show where an error arose; stands anywhere.")
def asd() -> None:
    """Score the sound of a fleet of machines: which sound wrong, how sure, and what changed.

    \b
    Example:
      asd fit recordings --store store --since 2026-11-01 --until 2026-11-14
      asd nightly recordings --store store

    Exit codes: 0 complete, 1 failed, 2 wrong usage, 3 interrupted (the same command goes on from there), 4 complete and
    a machine is in alarm (asd alarms --fail-on-alarm).
    """


def script() -> NoReturn:
    """Run `main` and leave at once, as the command's script does.

    Python's own end is skipped: destructors of Arrow's thread pools now and then abort a process that has done its work
    ("terminate called without an active exception"), which would turn its exit code into 134.
    """
    log = log_of(sys.argv[1:])
    hush_threads(log)
    keep_interrupts()
    try:
        main(log)
    except SystemExit as left:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        logging.shutdown()
        os._exit(left.code if isinstance(left.code, int) else 0)


def main(log: RunLog | None = None) -> NoReturn:
    """Run ``asd``; every failure is one line on stderr and an exit code (``--traceback`` shows more).

    Args:
        log: of the run; None is one as the command line asks for.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # how clusters ask a job to stop
    prepare_streams()
    arguments, is_asked = without_traceback(sys.argv[1:])
    log = log or log_of(arguments)
    try:
        code = asd.main(arguments, standalone_mode=False, obj=log)
        sys.stdout.flush()  # a full disk behind it is told here, and not lost when the process leaves
    except (Exception, KeyboardInterrupt) as error:
        code = end(error, shows_traceback=is_asked or bool(os.environ.get("ASD_DEBUG")), log=log)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
