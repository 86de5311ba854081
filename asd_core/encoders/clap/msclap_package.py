"""The msclap package's own classes, without what importing and making them does to the process."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def without_traces() -> Iterator[None]:
    """Use msclap in this block and leave the process as it was.

    Its import turns every warning off for good and lowers transformers' logging; making its classes imports librosa,
    with warnings of its own, and draws from torch's global generator.
    """
    import torch
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.set_verbosity(verbosity)


def msclap_module(name: str) -> ModuleType:
    """Import ``msclap.<name>``, such as ``models.clap``; see `without_traces`."""
    with without_traces():
        return importlib.import_module(f"msclap.{name}")
