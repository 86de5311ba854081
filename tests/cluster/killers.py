"""Encoders that end their process, as a bad pointer or too little memory does."""

import os
import time
from pathlib import Path

import numpy as np

LOUD = 0.9


class KilledByLoudClips:
    """Mean and power of each waveform; a clip whose peak passes LOUD ends the process."""

    sample_rate = 16_000
    embedding_dim = 2
    fingerprint = "killed-by-loud-clips"

    def embed(self, waveforms):
        if np.abs(waveforms).max() > LOUD:
            os._exit(1)
        time.sleep(0.02 * len(waveforms))
        return np.stack([waveforms.mean(axis=1), (waveforms**2).mean(axis=1)], axis=1).astype(np.float32)


class Fails(KilledByLoudClips):
    """Raises instead, which is its own fault and no clip's."""

    fingerprint = "fails"

    def embed(self, waveforms):
        raise RuntimeError("weights do not fit")


class KillsDecoders(KilledByLoudClips):
    """Ends every process that only decodes."""

    fingerprint = "kills-decoders"

    @property
    def sample_rate(self):
        import ray

        if ray.get_runtime_context().get_actor_id() is None:
            os._exit(1)
        return 16_000


class GpuFails(KilledByLoudClips):
    """Fails once as a broken GPU does, in the process that comes first, and on every loud clip."""

    fingerprint = "gpu-fails"

    def __init__(self, marker):
        self._marker = Path(marker)

    def embed(self, waveforms):
        import torch

        if not self._marker.exists():
            self._marker.write_text(str(os.getpid()))
            raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")
        if np.abs(waveforms).max() > LOUD:
            raise RuntimeError("CUDA error: device-side assert triggered")
        return np.stack([waveforms.mean(axis=1), (waveforms**2).mean(axis=1)], axis=1).astype(np.float32)
