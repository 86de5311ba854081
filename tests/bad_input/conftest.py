"""A fitted fan, so that each bad night costs its own clips only."""

import shutil
from typing import NamedTuple

import pytest

from asd_core.store.addresses import open_files
from asd_core.store.store import open_store
from tests.bad_input.recordings import noise, wav
from tests.command import asd
from tests.fleet import write_fleet

NIGHT = "2026-11-03"
FAN = f"machine_type=fan/machine_id=00/date={NIGHT}"


class Plant(NamedTuple):
    """An archive and a store, in folders or on S3."""

    archive: str
    store: str

    def put(self, name, data, folder=FAN):
        open_files(self.archive).write(f"{folder}/{name}", data)

    def run(self, *more, command="nightly", recipe="twfr-knn"):
        arguments = (command, self.archive, "--recipe", recipe, "--store", self.store, "--local", "--json")
        return asd(*arguments, *more)

    def night(self, *more, **how):
        """The counts of a night that publishes, and its rows by file name."""
        said = self.run(*more, **how)
        counts = said.json
        assert said.code == (counts["scored"] == 0), said.err
        assert counts["listed"] == counts["scored"] + counts["errors"]
        record = open_store(self.store).run(counts["run_id"])
        rows = open_store(self.store).read_scores(record).to_pylist()
        return counts, {row["uri"].rsplit("/", 1)[-1]: row for row in rows}

    def fails(self, *more, **how):
        """The one line of a run that fails, which must leave nothing half-visible in the store."""
        runs = published(self.store)
        said = self.run(*more, **how)
        assert (said.code, said.out) == (1, "") and "Traceback" not in said.err
        (line,) = [line for line in said.err.splitlines() if line.startswith("Error: ")]
        assert said.err.endswith(f"{line}\n")
        assert published(self.store) == runs
        return line


def published(store):
    """The runs that readers of a store see; () where it cannot be looked at."""
    from asd_core.errors import AsdError

    try:
        return [info.path for info in open_files(store).list("runs")]
    except (AsdError, OSError):
        return ()


@pytest.fixture(scope="session")
def fitted(tmp_path_factory):
    """A store with the scorer of a fan."""
    folder = tmp_path_factory.mktemp("fitted")
    write_fleet(folder / "archive", machines=["00"], dates=["2026-11-01", "2026-11-02"])
    said = Plant(str(folder / "archive"), str(folder / "store")).run("--until", "2026-11-02", command="fit")
    assert said.code == 0, said.err
    return folder / "store"


def plant_in(folder, fitted):
    shutil.copytree(fitted, folder / "store")
    place = Plant(str(folder / "archive"), str(folder / "store"))
    place.put("good.wav", wav(noise(seed=5)))
    return place


def plant_on(bucket, fitted):
    for path in fitted.rglob("*.*"):
        open_files(f"{bucket}/store").write(str(path.relative_to(fitted)), path.read_bytes())
    place = Plant(f"{bucket}/archive", f"{bucket}/store")
    place.put("good.wav", wav(noise(seed=5)))
    return place


@pytest.fixture
def plant(fitted, tmp_path):
    """A night of one good clip, in a folder."""
    return plant_in(tmp_path, fitted)


@pytest.fixture
def s3_plant(fitted, bucket):
    """A night of one good clip, on S3."""
    return plant_on(bucket, fitted)


@pytest.fixture(params=["folder", "s3"])
def any_plant(request):
    """A night of one good clip, in a folder and on S3."""
    return request.getfixturevalue("plant" if request.param == "folder" else "s3_plant")
