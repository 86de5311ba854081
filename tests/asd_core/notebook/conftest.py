"""A small plant as a notebook has it."""

import pytest

import asd_core
from tests.fleet import NIGHTS, clip_path, write_fleet


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """A store with two scored nights of two fans, and all clips of the archive; one of them is broken."""
    root = tmp_path_factory.mktemp("notebook")
    archive = write_fleet(root / "archive")
    clip_path(archive, "01", NIGHTS[2], 0).write_bytes(b"")
    clips = asd_core.list_clips(str(archive))
    asd_core.fit(str(root / "store"), "twfr-knn", asd_core.select(clips, until=NIGHTS[1]))
    asd_core.score(str(root / "store"), "twfr-knn", asd_core.select(clips, date=NIGHTS[2]))
    return str(root / "store"), clips
