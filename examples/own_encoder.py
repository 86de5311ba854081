"""An encoder of one's own: the level of a recording in eight octave bands.

A recipe names it as `package.module:Class`; where it is installed (or lies in the folder that Python starts in), every
command and every worker can use it. The contract is `asd_core/encoders/protocol.py`.
"""

import numpy as np
from numpy.typing import NDArray

import asd_core as asd


class OctaveLevels:
    """Level in octave bands: waveforms (B, T) float32 to embeddings (B, bands) float32, in dB.

    Args:
        bands: how many octaves, counted down from half the sample rate.
    """

    sample_rate = 16_000  # Hz

    def __init__(self, bands: int = 8) -> None:
        self.embedding_dim = bands
        self.fingerprint = f"octave-levels-1-{bands}"  # change it whenever an embedding would change

    def embed(self, waveforms: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embed waveforms, in the same order."""
        power = np.abs(np.fft.rfft(waveforms, axis=1)) ** 2 / waveforms.shape[1] ** 2
        edges = (power.shape[1] / 2.0 ** np.arange(self.embedding_dim, -1, -1)).astype(int)
        bands = [power[:, low:high].sum(axis=1) for low, high in zip(edges[:-1], edges[1:], strict=True)]
        return (10 * np.log10(np.stack(bands, axis=1) + 1e-12)).astype(np.float32)


def main() -> None:
    """Fit and score with it."""
    recipe = asd.Recipe(
        "octaves",
        {
            "encoder": {"kind": "own_encoder:OctaveLevels", "bands": 7, "clip_seconds": 2.0},
            "detector": {"kind": "memory_bank", "k": 2},
        },
    )
    clips = asd.list_clips("recordings")
    nights = sorted(set(clips["date"].to_pylist()))
    asd.fit("store", recipe, asd.select(clips, until=nights[-2]))
    rows = asd.score("store", recipe, asd.select(clips, date=nights[-1]))
    print(rows.select(["machine_type", "anomaly_score", "is_flagged", "error_reason"]).to_pandas())


if __name__ == "__main__":
    main()
