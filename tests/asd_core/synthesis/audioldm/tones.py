"""Eight recordings of distinct tones, each with a caption of its own."""

import numpy as np
import pyarrow as pa
import soundfile

from asd_core.synthesis.audioldm.job import FineTuningJob
from tests.asd_core.synthesis.audioldm.tiny import TINY
from tests.fleet import listed

CAPTIONS = (
    "This is the normal sound of a fan",
    "This is the anomaly sound of a fan",
    "a pump",
    "slide rail 07, anomaly",
    "ToyCar A1 at 31 V, noise",
    "normal valve, pattern 00 and 01",
    "bearing at 4000 rpm",
    "the gearbox",
)


def write_tones(root, seconds=0.04):
    """200 Hz to 5 kHz, in DCASE's layout: six normal clips of training, two anomalous ones of test."""
    time = np.arange(round(16_000 * seconds)) / 16_000
    for number in range(8):
        name = f"train/normal_id_00_{number:08d}" if number < 6 else f"test/anomaly_id_00_{number:08d}"
        path = root / "fan" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = 0.003 * np.random.default_rng(number).normal(size=len(time))
        soundfile.write(path, 0.3 * np.sin(2 * np.pi * 200 * 1.6**number * time) + noise, 16_000)
    return root


def pairs(root):
    """Rows of CLIPS with a caption each, in the order of the tones."""
    clips = listed(root)
    order = np.argsort([uri[-12:] for uri in clips["uri"].to_pylist()])
    return clips.take(pa.array(order)).append_column("caption", pa.array(CAPTIONS))


def job_in(tmp_path, generator=TINY, **more):
    """A fine-tuning on the tones."""
    clips = pairs(write_tones(tmp_path / "archive")).drop_columns("caption")
    url = str(tmp_path / "store")
    return FineTuningJob(url, "generators/own/under_way/run", generator, clips, CAPTIONS, np.arange(8), **more)
