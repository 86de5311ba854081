"""As many at once as memory holds: tried, and halved where it did not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from asd_core.encoders.cuda_errors import is_out_of_memory
from asd_core.errors import AsdError

Part = TypeVar("Part", bound=Any)
Made = TypeVar("Made")


class BatchSize:
    """How many items a device takes at once.

    Attributes:
        most: at most so many; None: as many as are given. Halved, and kept so, each time that memory runs out.
        item: names one item in an error.
    """

    def __init__(self, most: int | None = None, item: str = "window") -> None:
        self.most = most
        self.item = item

    def map(self, function: Callable[[Part], Made], items: Part) -> Iterator[Made]:
        """Apply a function to consecutive parts of ``items`` (N, ...), as large as memory allows.

        Args:
            function: of a slice of the items, which are an array or a tensor.
            items: all of them.

        Raises:
            AsdError: memory does not hold a single one.
        """
        start = 0
        while start < len(items):
            part = items[start : start + (self.most or len(items))]
            made: list[Made] = []
            try:
                made.append(function(part))
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                if len(part) == 1:
                    raise AsdError(
                        f"the GPU has no memory left for a single {self.item}: let fewer encoders share it "
                        "(--gpus), or see what else runs there"
                    ) from error
            if not made:  # outside the handler, whose traceback keeps what was allocated alive
                _give_back()
                self.most = len(part) // 2
                continue
            start += len(part)
            yield made.pop()


def _give_back() -> None:
    """Give memory that torch holds for later back to the device."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
