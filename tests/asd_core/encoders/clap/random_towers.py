"""What tests of MS-CLAP share: one random tower a process, sounds for it, and msclap's own wrapper around it."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import torch
from torchaudio.transforms import Resample

from asd_core.encoders.clap.audio_tower import load_audio_tower
from asd_core.encoders.clap.encoder import ClapEncoder
from asd_core.encoders.clap.msclap_package import msclap_module
from asd_core.synthesis.fleet.machine import build_machine, healthy_sound


@cache
def tower():
    return load_audio_tower("random")


@cache
def encoder():
    made = ClapEncoder("random")
    made.load()
    return made


@cache
def sounds(count=8, seconds=7.0, rate=16_000):
    """(count, T) of machines: two clips of each, so that some are near and some far."""
    made = []
    for index in range(count):
        machine = build_machine(("fan", "pump", "valve", "slider")[index // 2 % 4], index // 2, 0)
        night, clip = np.random.default_rng(0), np.random.default_rng(index)
        made.append(healthy_sound(machine, round(seconds * rate), rate, night, clip))
    return np.stack(made).astype(np.float32)


def smallest_distance(embeddings):
    """Between any two rows."""
    distances = np.linalg.norm(embeddings[:, None].astype(float) - embeddings[None], axis=2)
    return distances[~np.eye(len(embeddings), dtype=bool)].min()


def wrapper(module, recordings):
    """msclap's ``CLAPWrapper`` over a module, with recordings (name → samples, Hz) in the place of files."""

    class InMemory(msclap_module("CLAPWrapper").CLAPWrapper):
        def __init__(self):
            self.clap = SimpleNamespace(audio_encoder=module)
            self.args = SimpleNamespace(sampling_rate=44_100, duration=7)
            self.use_cuda = False

        def read_audio(self, audio_path, resample=True):
            samples, rate = recordings[audio_path]
            return Resample(rate, 44_100)(torch.from_numpy(samples)[None]), 44_100

    return InMemory()
