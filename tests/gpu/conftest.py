"""Tests of what only a GPU shows. Without one they are skipped.

``GPU_TESTS_ON_CPU=1`` runs them on the CPU, where each of them has to hold too: so they are known to run.
"""

import os

import pytest


@pytest.fixture(scope="session")
def device():
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if os.environ.get("GPU_TESTS_ON_CPU"):
        return "cpu"
    pytest.skip("no CUDA device")


@pytest.fixture(scope="session")
def gpus(device):
    """Share of a GPU for each encoder, by a number of encoders."""
    return (lambda encoders: 1 / encoders) if device == "cuda" else (lambda encoders: 0.0)
