"""float32 as IEEE defines it, whatever the process has set.

An NVIDIA GPU may multiply float32 numbers as TF32, with 10 bits of mantissa instead of 23: convolutions do so by
default, matrix products once a program asks for it, and oneDNN on a CPU has the like. Embeddings then differ by 2 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def exact_float32() -> Iterator[None]:
    """Compute float32 products and convolutions in full inside the block; settings are restored behind it.

    Only the settings of single operators are touched: torch refuses to read the older, global ones of a process that
    has used both kinds.
    """
    settings = _settings()
    before = [setting.fp32_precision for setting in settings]
    try:
        for setting in settings:
            setting.fp32_precision = "ieee"
        yield
    finally:
        for setting, precision in zip(settings, before, strict=True):
            setting.fp32_precision = precision


def _settings() -> list[Any]:
    from torch.backends import cuda, cudnn, mkldnn

    return [cuda.matmul, cudnn.conv, cudnn.rnn, mkldnn.matmul, mkldnn.conv, mkldnn.rnn]  # type: ignore[attr-defined]
