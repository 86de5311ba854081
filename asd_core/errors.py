"""Errors, and the exit codes of the command line for them.

    AsdError            the run failed: one line on stderr, exit code 1
    ├── BusyError       another run does the same work: exit code 1
    ├── UsageError      the user asked for something impossible: exit code 2
    └── ClipError       one clip cannot be used: an error row, never a stopped run

A message names the fault, the value and the cure, in one line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AsdError(Exception):
    """A failure that ends the command with one line and exit code 1."""

    exit_code = 1


class BusyError(AsdError):
    """Another run does the same work, and this one was not to wait: exit code 1."""


class UsageError(AsdError):
    """A wrong argument, option, recipe or layout: exit code 2."""

    exit_code = 2


class ClipError(AsdError):
    """One clip cannot be used.

    Args:
        reason: a short stable code such as ``empty`` or ``not_audio``, by which error rows are counted.
        message: one line for people.
        transient: true where a later run may well succeed on the same bytes (permission, network), and tries the
            clip again.
    """

    def __init__(self, reason: str, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.transient = transient

    def __reduce__(self) -> tuple[type[ClipError], tuple[str, str], dict[str, bool]]:
        """Keep all fields between processes, which the default for exceptions does not."""
        return (type(self), (self.reason, self.message), {"transient": self.transient})


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` with the nearest known word, or the list of them where none is near."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(words)}"
