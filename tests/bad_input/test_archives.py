"""Archives that hold what belongs to no night of this fleet: impossible dates, strays, the store itself, two sites."""

import pytest

from asd_core.store.addresses import open_files
from tests.bad_input.conftest import FAN, NIGHT, Plant
from tests.bad_input.recordings import noise, wav

TO_COME = FAN.replace(NIGHT, "2238-01-19")


def test_a_clip_of_a_date_to_come_does_not_take_the_night(any_plant):
    any_plant.put("clock.wav", wav(noise(seed=6)), TO_COME)
    said = any_plant.run()
    assert (said.code, said.json["listed"], said.json["scored"]) == (0, 1, 1)
    assert f"the night of {NIGHT}: 1 clips" in said.err
    assert "note: 1 clips are of dates to come, such as " in said.err and "clock.wav of 2238-01-19" in said.err
    assert "(--date 2238-01-19)" in said.err and any_plant.night("--date", "2238-01-19")[0]["scored"] == 1


def test_a_stray_recording_of_no_machine_does_not_take_the_night(any_plant):
    any_plant.put("20261104T000000.wav", wav(noise(seed=6)), "backup")
    assert any_plant.night()[0]["scored"] == 1


def test_an_archive_of_dates_to_come_alone_has_a_night(plant, tmp_path):
    alone = plant._replace(archive=str(tmp_path / "other"))
    alone.put("clock.wav", wav(noise(seed=6)), TO_COME)
    assert alone.night()[0]["listed"] == 1


@pytest.fixture
def nested(any_plant):
    """A plant whose store is inside its archive."""
    inside = Plant(any_plant.archive, f"{any_plant.archive}/out/store")
    for info in open_files(any_plant.store).list():
        open_files(inside.store).write(info.path, open_files(any_plant.store).read(info.path))
    return inside


def test_a_store_inside_the_archive_is_left_out_of_it(nested):
    first, _ = nested.night()
    open_files(nested.store).write("reports/x/normal.flac", b"fLaC")
    said = nested.run()
    assert (first["listed"], said.json["listed"]) == (1, 1)
    assert "files of the store in it left out" in said.err and "no known machine" not in said.err


def test_machines_of_one_name_at_two_sites_are_said(plant):
    plant.put("a.wav", wav(noise(seed=6)), f"site=hamburg/{FAN}")
    plant.put("a.wav", wav(noise(seed=7)), f"site=berlin/{FAN}")
    said = plant.run()
    assert said.json["scored"] == 3
    assert "note: machines of one name under several folders count as one machine (names: 1; fan 00 is " in said.err
    assert "under the archive itself and site=berlin): if they are different machines, name" in said.err
