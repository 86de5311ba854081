"""Tables and text files as spreadsheets, shells and editors write them: read as they are meant, or refused."""

import pytest

from tests.bad_input.conftest import FAN, NIGHT

TEXT = f"path,machine_type,machine_id,date\n{FAN}/good.wav,fan,00,{NIGHT}\n"
READ = {
    "semicolons.csv": ("sep=;\r\n" + TEXT.replace(",", ";").replace("\n", "\r\n")).encode(),
    "powershell.txt": TEXT.replace(",", "\t").encode("utf-16"),
    "capitals.csv": TEXT.replace("path,machine_type", "Path, Machine Type ").encode("utf-8-sig"),
    "empty-rows.csv": (TEXT + ",,,\n,,,\n").encode(),
    "backslashes.csv": TEXT.replace("/", "\\").encode(),
    "times.csv": TEXT.replace(f",{NIGHT}", f",{NIGHT} 03:15:00").encode(),
}
REFUSED = {
    "cp1252.csv": (TEXT.replace("good", "l\xfcfter").encode("cp1252"), "is neither UTF-8 nor UTF-16: line 2 holds b'"),
    "cells.csv": ((TEXT + "a.wav,fan\n").encode(), "line 3 has 2 cells, the header 4"),
    "drive.csv": (TEXT.replace(FAN, "C:\\rec").encode(), "a path of a Windows drive or server"),
    "server.csv": (TEXT.replace(FAN, "\\\\server\\rec").encode(), "row 1 of "),
    "table.xlsx": (b"PK\x03\x04", "save the table as CSV"),
}


@pytest.mark.parametrize("name", READ)
def test_a_table_is_read_whoever_wrote_it(plant, tmp_path, name):
    (tmp_path / "archive" / name).write_bytes(READ[name])
    counts, rows = plant._replace(archive=f"{plant.archive}/{name}").night("--no-report")
    assert (counts["listed"], counts["scored"]) == (1, 1) and rows["good.wav"]["date"] == NIGHT


@pytest.mark.parametrize("name", REFUSED)
def test_a_table_that_cannot_be_meant_is_refused_in_one_line(plant, tmp_path, name):
    data, says = REFUSED[name]
    (tmp_path / "archive" / name).write_bytes(data)
    said = plant._replace(archive=f"{plant.archive}/{name}").run()
    assert said.code == 2 and says in said.err and "Traceback" not in said.err


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_list_and_a_recipe_may_begin_with_a_byte_order_mark(plant, tmp_path, encoding):
    (tmp_path / "normal.txt").write_bytes("good.wav\r\n".encode(encoding))
    recipe = '[encoder]\r\nkind = "twfr"\r\n[detector]\r\nkind = "gmm"\r\n'
    (tmp_path / "site.toml").write_bytes(recipe.encode(encoding))
    said = plant.run("--normal-list", str(tmp_path / "normal.txt"), command="fit", recipe=str(tmp_path / "site.toml"))
    assert said.json["listed"] == 1 and said.json["embedded"] == 1
