"""A package of a user with an encoder in it."""

import textwrap

OWN = '''
import numpy as np

class Energies:
    """Mean squares of equal parts of each waveform."""

    sample_rate = 16_000

    def __init__(self, width: int = 3, device: str = "cpu"):
        self.embedding_dim, self.device = width, device
        self.fingerprint = f"energies-{width}"

    def embed(self, waveforms):
        parts = np.array_split(waveforms, self.embedding_dim, axis=1)
        return np.stack([(part.astype(np.float64) ** 2).mean(axis=1) for part in parts], axis=1).astype(np.float32)

class Half:
    sample_rate = 16_000
'''


def write_package(folder, name="plant_sounds"):
    """A package of a user's own with an encoder in it; returns the kind that names it."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text("")
    (folder / name / "energies.py").write_text(textwrap.dedent(OWN))
    return f"{name}.energies:Energies"
