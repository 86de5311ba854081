"""A plant with a night in alarm and its report, which tests of pages share."""

import shutil

import numpy as np
import pytest
import soundfile

from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.fit import fit
from asd_core.runs.report import report_night
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.serving.plants import LEARNT, NIGHT, RECIPE, SCORED, SQUEALING, Plant
from tests.fleet import clip_path, listed, write_fleet


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Four fans that learnt eight nights; of three nights that were scored one fan squeals in the last."""
    root = tmp_path_factory.mktemp("plant")
    archive = write_fleet(root / "archive", ("00", "01", "02", "03"), (*LEARNT, *SCORED), clips=3)
    for number in range(3):
        tone = 0.3 * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
        soundfile.write(clip_path(archive, SQUEALING, NIGHT, number), tone, 16_000)
    clip_path(archive, "00", NIGHT, 2).write_bytes(b"no sound")
    store = Store(LocalFiles(root / "store"))
    fit(store, RECIPE, listed(archive, until=LEARNT[-1]), LocalEngine())
    for date in SCORED:
        score(store, RECIPE, listed(archive, date=date), LocalEngine(), job="nightly")
    report_night(store, RECIPE, NIGHT)
    return archive, store


@pytest.fixture
def plant(built, tmp_path):
    """The plant, in a store of the test's own."""
    shutil.copytree(built[1].files.root, tmp_path / "store")
    return Plant(built[0], Store(LocalFiles(tmp_path / "store")))


@pytest.fixture(scope="session")
def read_plant(built):
    """The plant itself, for tests that write nothing."""
    return Plant(*built)
