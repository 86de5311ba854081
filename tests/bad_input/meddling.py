"""An encoder in whose time others change the archive."""

import numpy as np

from asd_core.store.addresses import open_files
from tests.bad_input.recordings import noise, wav


class Meddler:
    """Power of each waveform; at its first batch later recordings are replaced, removed, and still being written."""

    sample_rate = 16_000
    embedding_dim = 2
    fingerprint = "meddler"

    def __init__(self, folder: str = "", device: str = "cpu"):
        self._folder = folder

    def embed(self, waveforms):
        files = open_files(self._folder)
        if files.exists("z-vanishes.wav"):
            files.delete("z-vanishes.wav")
            files.write("z-replaced.wav", wav(noise(seed=99)))
            files.write("z-grows.wav", wav(noise(2.0, seed=99)))
        power = (waveforms**2).mean(axis=1)
        return np.stack([power, np.sqrt(power)], axis=1).astype(np.float32)
