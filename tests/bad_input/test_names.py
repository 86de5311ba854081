"""Names that break what is careless with them: addresses, terminals, JSON, pages."""

import os
from pathlib import Path

import pytest

from asd_core.store.addresses import open_files
from tests.bad_input.conftest import FAN, NIGHT
from tests.bad_input.recordings import noise, wav

NAMES = {
    b"new\nline.wav": "new%0Aline.wav",
    b"quote\"'.wav": "quote%22%27.wav",
    b"<script>alert(1)<!--.wav": "%3Cscript%3Ealert%281%29%3C%21--.wav",
    b"latin-\xe9.wav": "latin-%E9.wav",
    b"escape\x1b[31m.wav": "escape%1B%5B31m.wav",
    b"100%25 & ?#;.wav": "100%2525%20%26%20%3F%23%3B.wav",
}


@pytest.fixture
def named(plant, tmp_path):
    """A night whose clips have these names: every other one is empty, so an error, and the others are loud."""
    for number, name in enumerate(NAMES):
        data = b"" if number % 2 else wav(noise(seed=number) + 1.0)
        Path(tmp_path / "archive" / FAN / os.fsdecode(name)).write_bytes(data)
    return plant


def test_any_name_is_a_percent_encoded_uri(named):
    counts, rows = named.night()
    assert (counts["listed"], counts["scored"], counts["errors"]) == (7, 4, 3)
    assert set(rows) == {*NAMES.values(), "good.wav"}
    assert all(row["uri"].isascii() and row["uri"].isprintable() for row in rows.values())


def test_any_name_is_text_on_the_page(named):
    counts, _ = named.night("--set", "threshold.quantile=0.01")  # every clip is on the page
    page = Path(counts["reports"][0]).read_text()
    assert "<script>alert" not in page and "<!--.wav" not in page
    assert "\x1b" not in page and "new\nline" not in page
    shown = ["&lt;script&gt;alert(1)&lt;!--.wav", "latin-\ufffd.wav", "escape\\x1b[31m.wav", "new\\nline.wav"]
    assert all(f"/{name}</bdi>" in page for name in [*shown, "quote&#34;&#39;.wav", "100%25 &amp; ?#;.wav"])


@pytest.mark.parametrize("kind", ["<b>fan</b>", 'a"b', "new\nline", "ü", "..", "a b%20c", "latin-\udce9"])
def test_any_machine_type_is_a_machine(plant, tmp_path, kind):
    for day in ("2026-11-01", NIGHT):
        for number in range(3):
            path = tmp_path / "archive" / f"machine_type={kind}/machine_id=<b>/date={day}/{number}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wav(noise(0.2, seed=number)))
    assert plant.run("--until", "2026-11-01", command="fit").json["fitted"] == 1
    counts, _ = plant.night()
    assert (counts["listed"], counts["scored"]) == (4, 4)
    assert "<b>fan" not in Path(counts["reports"][0]).read_text()


def test_what_is_said_of_a_name_cannot_drive_a_terminal(plant, tmp_path):
    path = tmp_path / "archive" / "un\x1b[31mplaced\n.wav"
    path.write_bytes(b"")
    said = plant.run()
    assert "\x1b" not in said.err and "un\\x1b[31mplaced\\n.wav" in said.err


def test_a_key_with_two_slashes_is_a_recording_of_its_own_in_a_manifest(s3_plant, tmp_path):
    s3_plant.put("/double.wav", wav(noise(seed=6)))
    folder = f"{s3_plant.archive}/{FAN}".replace("=", "%3D")
    lines = ["uri,machine_type,machine_id", f"{folder}//double.wav,fan,00", f"{folder}/good.wav,fan,00"]
    open_files(s3_plant.archive).write("list.csv", "\n".join(lines).encode())
    counts, rows = s3_plant._replace(archive=f"{s3_plant.archive}/list.csv").night()
    assert (counts["scored"], set(rows)) == (2, {"double.wav", "good.wav"})


def test_a_path_in_a_manifest_on_s3_may_climb(s3_plant):
    lines = ["path,machine_type,machine_id", f"./lists/../{FAN}/good.wav,fan,00", f"{FAN}/good.wav,fan,00"]
    open_files(s3_plant.archive).write("list.csv", "\n".join(lines).encode())
    counts, _ = s3_plant._replace(archive=f"{s3_plant.archive}/list.csv").night()
    assert (counts["listed"], counts["scored"]) == (1, 1)
