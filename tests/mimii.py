"""A small data set in the folders of MIMII: recordings of eight channels."""

import numpy as np
import soundfile

RATE = 16_000


def write_mimii(root, folder="6_dB_fan/fan", machines=("00", "02"), normal=10, abnormal=4):
    """Fans that hum on eight channels; the abnormal ones whistle as well."""
    for machine in machines:
        for condition, count in (("normal", normal), ("abnormal", abnormal)):
            for number in range(count):
                path = root / folder / f"id_{machine}" / condition / f"{number:08d}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, _channels(number, condition == "abnormal"), RATE)
    return root


def _channels(seed, is_faulty, channels=8):
    random, seconds = np.random.default_rng([seed, is_faulty]), np.arange(RATE) / RATE
    sound = 0.1 * np.sin(2 * np.pi * 180 * seconds) + is_faulty * 0.05 * np.sin(2 * np.pi * 2500 * seconds)
    return sound[:, None] + 0.02 * random.standard_normal((RATE, channels))
