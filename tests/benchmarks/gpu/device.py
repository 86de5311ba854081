"""The GPU under test: whether there is one, what it is, and how busy it was."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class Skipped(Exception):
    """An item that cannot run here; its text says why."""


def no_gpu() -> str:
    """The reason why torch can use no GPU, in one line; empty where it can."""
    import torch

    if torch.cuda.is_available():
        return ""
    try:
        torch.zeros(1, device="cuda")
    except (RuntimeError, AssertionError) as error:
        return str(error).strip().splitlines()[0].split(". ")[0].rstrip(".")
    return "torch sees none"


def described() -> str:
    """The GPU and its software, in one line."""
    import torch

    properties = torch.cuda.get_device_properties(0)
    memory = properties.total_memory / 2**30
    return f"{properties.name}, {memory:.0f} GiB, torch {torch.__version__}, CUDA {torch.version.cuda}"


@dataclass
class Busy:
    """How busy a GPU was.

    Attributes:
        samples: per cent of the time with a kernel at work, five a second; empty where nvidia-smi is not there.
    """

    samples: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The mean, from 0 to 1; NaN without samples."""
        return sum(self.samples) / len(self.samples) / 100 if self.samples else math.nan


@contextmanager
def watched() -> Iterator[Busy]:
    """Ask nvidia-smi, five times a second, how busy the first GPU is inside the block."""
    busy, program = Busy(), shutil.which("nvidia-smi")
    if program is None:
        yield busy
        return
    line = [program, "--id=0", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", "200"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield busy
        finally:
            process.terminate()
            told, _ = process.communicate()
            busy.samples += [float(text) for text in told.split() if text.replace(".", "").isdigit()]


def wait_for_device(device: str) -> None:
    """Wait until a GPU has done all that it was given."""
    if device != "cpu":
        import torch

        torch.cuda.synchronize()
