"""Options that name receivers of messages, and telling them that a command failed."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import AsdError, BusyError, UsageError
from jobs.endings import line_of
from jobs.options import together
from jobs.run_log import remark

if TYPE_CHECKING:
    from asd_core.runs.notify import Audience, Outcome

NOTIFY_VARIABLE = "ASD_NOTIFY_URL"

notify_options = together(
    click.option(
        "--notify",
        "notify",
        multiple=True,
        metavar="URL",
        help="Tell this receiver of alarms: an http(s) address, slack+ or alertmanager+ before it (repeatable). "
        f"[env var: {NOTIFY_VARIABLE}]",
    ),
    click.option("--notify-file", metavar="FILE", help="Text file of such addresses, one on each line."),
    click.option("--notify-link", metavar="URL", help="Address under which the store's files are served, for links."),
)


def audience_of(addresses: Sequence[str], file: str | None, link: str | None) -> Audience | None:
    """Who is told, by the options of a command or the variable; None for nobody.

    Raises:
        UsageError: an address that is none, which is not shown; a file that cannot be read; a link that is none.
    """
    if not addresses and file is None and not os.environ.get(NOTIFY_VARIABLE) and link is None:
        return None
    from asd_core.messages.receivers import addresses_in, receivers_of
    from asd_core.runs.notify import Audience
    from asd_core.text_files import read_text

    if link is not None and not link.startswith(("http://", "https://")):
        raise UsageError(f"--notify-link {link!r} is no http(s) address")
    found = receivers_of(addresses, "--notify")
    if file is not None:
        found += receivers_of(addresses_in(read_text(file, f"--notify-file {file}")), f"the file {file}")
    if not found and file is None:
        found = receivers_of(os.environ.get(NOTIFY_VARIABLE, "").split(), NOTIFY_VARIABLE)
    return Audience(list(dict.fromkeys(found)), link or "") if found else None


def telling_failures(command: Callable[..., None]) -> Callable[..., None]:
    """Tell receivers where a command fails; it is called with ``audience`` in the place of their options, or None.

    An interrupted command is not told to have failed: it goes on when it is started again. Neither is one that left the
    work to another run.
    """

    @functools.wraps(command)
    def run(notify: tuple[str, ...], notify_file: str | None, notify_link: str | None, **options: Any) -> None:
        audience = audience_of(notify, notify_file, notify_link)
        try:
            command(audience=audience, **options)
        except (click.exceptions.Exit, click.Abort, BusyError):
            raise
        except Exception as error:
            if audience is not None:
                for note in _notes_on_telling(audience, options, error):
                    remark(f"note: {note}")
            raise

    return run


def _notes_on_telling(audience: Audience, options: Mapping[str, Any], error: Exception) -> list[str]:
    """Tell that a command fails; a line for each receiver that could not be told."""
    try:
        return _tell(audience, options, error).notes()
    except Exception as other:  # the command's own error is the one to be seen
        return [f"receivers could not be told of the failure: {line_of(other)[0]}"]


def _tell(audience: Audience, options: Mapping[str, Any], error: Exception) -> Outcome:
    from asd_core.runs.notify import tell_failed_night, tell_without_store
    from jobs.opened import open_both, open_store_of

    line = error.format_message() if isinstance(error, click.ClickException) else line_of(error)[0]
    try:
        store = open_store_of(options["store_url"])
    except (AsdError, OSError):
        return tell_without_store(line, audience)
    try:
        from asd_core.pipeline.stored_keys import as_stored

        key = as_stored(store, open_both(options, options.get("channel"))[0]).key()
    except (AsdError, OSError):
        key = ""
    return tell_failed_night(store, key, options.get("date"), line, audience)
