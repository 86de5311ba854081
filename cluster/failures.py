"""Failures of workers, each as one line that a person can act on."""

from __future__ import annotations

from typing import Any

from asd_core.errors import AsdError
from asd_core.pipeline.engine import GOES_ON as GOES_ON


class WorkerLost(Exception):
    """A worker or its node died."""


def result_of(reference: Any, seconds: float, who: str = "a worker") -> Any:
    """Wait for the result of a Ray task.

    Args:
        reference: to the result.
        seconds: the longest wait.
        who: names the worker in an error.

    Raises:
        WorkerLost: the worker died.
        AsdError: the task failed, or did not finish in time. An AsdError or OSError of the task is raised as it is.
    """
    import ray

    try:
        return ray.get(reference, timeout=seconds)
    except ray.exceptions.GetTimeoutError as error:
        raise AsdError(f"{nothing_finished(seconds)}; {GOES_ON}") from error
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, AsdError | OSError):
            raise error.cause from error
        raise AsdError(f"{who} failed: {innermost(error)}") from error
    except ray.exceptions.RayError as error:
        raise WorkerLost(innermost(error)) from error


def innermost(error: BaseException) -> str:
    """The last line of the innermost cause of an exception, which is the line a person can act on."""
    inner = getattr(error, "cause", None) or error.__cause__
    if isinstance(inner, BaseException) and inner is not error:
        return innermost(inner)
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


def nothing_finished(seconds: float) -> str:
    """The message for a cluster that has stood still for so long."""
    return f"no worker finished anything for {seconds:g} s: see whether the cluster's nodes still have room for one"
