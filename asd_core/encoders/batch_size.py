"""As many at once as memory holds: tried, and halved where it did not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asd_core.errors import AsdError

if TYPE_CHECKING:
    from torch import Tensor


class BatchSize:
    """How many items a device takes at once.

    Attributes:
        most: at most so many; None: as many as are given. Halved, and kept so, each time that memory runs out.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = most

    def map(self, function: Callable[[NDArray[np.float32]], Tensor], items: NDArray[np.float32]) -> Iterator[Tensor]:
        """Apply a function to consecutive parts of ``items`` (N, ...), as large as memory allows.

        Raises:
            AsdError: memory does not hold a single one.
        """
        import torch

        start = 0
        while start < len(items):
            part = items[start : start + (self.most or len(items))]
            try:
                made = function(part)
            except torch.OutOfMemoryError as error:
                if len(part) == 1:
                    raise AsdError(
                        "the GPU has no memory left for a single window: let fewer encoders share it "
                        "(--gpus), or see what else runs there"
                    ) from error
                made = None
            if made is None:  # outside the handler, whose traceback keeps what was allocated alive
                torch.cuda.empty_cache()
                self.most = len(part) // 2
                continue
            start += len(part)
            yield made
