"""A plant whose last night holds a squeal, and commands on it with and without a key."""

import os
from contextlib import contextmanager

import numpy as np
import soundfile

from tests.command import asd
from tests.fleet import NIGHTS, clip_path, write_fleet


def squealing_plant(tmp_path):
    """A fleet of two fans, scorers of its first two nights, and a squeal in the third."""
    archive, store = write_fleet(tmp_path / "archive"), tmp_path / "store"
    squeal = 0.3 * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
    soundfile.write(clip_path(archive, "00", NIGHTS[2], 0), squeal, 16_000)
    assert asd("fit", archive, *options(store), "--since", NIGHTS[0], "--until", NIGHTS[1]).code == 0
    return archive, store


def options(store):
    return ["--recipe", "twfr-knn", "--store", store, "--local", "--json"]


def run(command, store, *more):
    said = asd(command, *options(store), *more)
    assert said.code == 0, said.err
    return said.json


def nightly(plant, *more):
    said = asd("nightly", plant[0], *options(plant[1]), *more)
    assert said.code == 0, said.err
    return said.json


@contextmanager
def a_key():
    before = os.environ.get("OPENAI_API_KEY")
    os.environ["OPENAI_API_KEY"] = "sk-any"
    try:
        yield
    finally:
        os.environ.pop("OPENAI_API_KEY") if before is None else os.environ.update(OPENAI_API_KEY=before)
