"""What went wrong in a worker, in one line."""

from __future__ import annotations


def innermost(error: BaseException) -> str:
    """The last line of the innermost cause of an exception, which is what a person can act on."""
    inner = getattr(error, "cause", None) or error.__cause__
    if isinstance(inner, BaseException) and inner is not error:
        return innermost(inner)
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


def nothing_finished(seconds: float) -> str:
    """What to say where a cluster has stood still for so long."""
    return f"no worker finished anything for {seconds:g} s: see whether the cluster's nodes still have room for one"
