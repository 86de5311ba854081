"""The p-value of one clip in words: never without the smallest that its machine's normal clips allow."""

from __future__ import annotations

import math

_ROUNDING = 1e-9  # of a p-value that was computed as a quotient


def clip_p(p_value: float, normals: int, *, is_borrowed: bool = False) -> str:
    """A clip's p-value, and where it is the smallest possible one that it is.

    Args:
        p_value: (1 + unseen normal clips that score at least as high) / (1 + all of them), in (0, 1].
        normals: unseen normal clips of the machine; 0 where their number is not known.
        is_borrowed: it is a share of the other machines of its type, and ``normals`` counts these.
    """
    if normals and p_value <= (1 + _ROUNDING) / (normals + 1):
        allowed = f"{normals} machines of its type allow" if is_borrowed else _clips(normals)
        return f"p ≤ 1/{normals + 1}, the smallest that {allowed}"
    return f"p = {p_value:.2g}"


def too_few_normals(normals: int, quantile: float, unit: str = "normal") -> str:
    """Why no clip of a machine can be told from a normal one; "" where there are normal clips enough.

    Args:
        normals: unseen normal clips of the machine, or other machines where it has none of its own.
        quantile: of the decision threshold: share of normal clips that should not be flagged.
        unit: ``normal``, or ``machine``.
    """
    needed = math.ceil(round(quantile / (1 - quantile), 9))
    if normals >= needed:
        return ""
    if not normals:
        return f"Too few {unit}s to decide on a clip: there is none, {needed} are needed."
    return (
        f"Too few {unit}s to decide on a clip: {_clips(normals, unit)} no p below 1/{normals + 1}, "
        f"and {1 - quantile:.2g} needs {needed}."
    )


def _clips(normals: int, unit: str = "normal") -> str:
    return f"1 {unit} allows" if normals == 1 else f"{normals} {unit}s allow"
