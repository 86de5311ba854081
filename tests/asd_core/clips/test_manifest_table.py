from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from asd_core.clips.manifest_table import has_values, is_manifest, read_table, with_known_names
from asd_core.errors import UsageError

TEXT = "path,machine_type,machine_id,note\na.wav,fan,07,loud\nb.wav,fan,08,\n"
TABLE = read_table("list.csv", TEXT.encode())
WRITTEN = {
    "semicolons": TEXT.replace(",", ";").encode(),
    "tabs": TEXT.replace(",", "\t").encode(),
    "UTF-16": TEXT.encode("utf-16"),
    "PowerShell": TEXT.replace(",", "\t").replace("\n", "\r\n").encode("utf-16"),
    "mark": TEXT.encode("utf-8-sig"),
    "Excel": ("sep=;\r\n" + TEXT.replace(",", ";").replace("\n", "\r\n")).encode("utf-8-sig"),
    "capitals": TEXT.replace("path,machine_type,machine_id", "Path,Machine Type,MACHINE-ID").encode(),
    "blanks": TEXT.replace(",", " , ").encode(),
    "quotes": ('"' + TEXT.strip().replace(",", '","').replace("\n", '"\n"') + '"\n').encode(),
    "empty rows": (TEXT + ",,,\n\n,,,\n").encode(),
    "empty columns": TEXT.replace("\n", ",,\n").encode(),
    "pandas' index": ("".join(f"{i},{line}\n" for i, line in enumerate(TEXT.splitlines())))
    .encode()
    .replace(b"0,", b",", 1),
}


@pytest.mark.parametrize("by", WRITTEN)
def test_a_table_is_the_same_whoever_wrote_it(by: str) -> None:
    table = read_table("list.csv", WRITTEN[by])
    assert table.filter(pa.array(has_values(table))).to_pylist() == TABLE.to_pylist()


def test_blanks_before_quotes_are_no_part_of_a_cell() -> None:
    text = "\n".join(", ".join(f'"{cell}"' for cell in line.split(",")) for line in TEXT.splitlines())
    assert read_table("list.csv", text.encode()).to_pylist() == TABLE.to_pylist()


def test_empty_cells_beyond_the_header_are_passed_over() -> None:
    text = TEXT.replace("loud\n", "loud,,\n")
    assert read_table("list.csv", text.encode()).to_pylist() == TABLE.to_pylist()


def test_further_columns_keep_their_names_and_text_stays_text() -> None:
    table = read_table("list.csv", b"path,machine_type, Max Level ,Unnamed: 0\na.wav,fan,0070,1\n")
    assert table.to_pylist() == [{"path": "a.wav", "machine_type": "fan", "Max Level": "0070"}]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TEXT + "c.wav,fan\n", "line 4 has 2 cells, the header 4"),
        (TEXT + "c.wav,fan,07,,,more\n", "line 4 has 6 cells"),
        (TEXT + '"c.wav,fan', "cannot read the manifest"),
        ("Path,path,machine_type\na,b,c\n", "the column 'path' twice"),
        ("path,machine_type\n,\n", "lists no recording"),
        ("", "neither a column 'path' nor 'uri'"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_table("list.csv", text.encode())


def test_parquet_keeps_its_types_and_loses_pandas_index() -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"Path": ["a.wav"], "machine_type": ["fan"], "__index_level_0__": [3]}), file)
    assert read_table("list.pq", file.getvalue()).to_pylist() == [{"path": "a.wav", "machine_type": "fan"}]


def test_a_row_has_values_unless_all_are_empty_or_null() -> None:
    assert has_values(pa.table({"a": ["", None, "x"], "b": [None, None, 1.0]})) == [False, False, True]
    assert with_known_names(pa.table({" Label ": [True]}), "it").column_names == ["label"]


def test_manifests_are_known_by_their_endings_and_a_spreadsheet_is_refused() -> None:
    names = ("a.csv", "a.CSV", "s3://b/a.tsv", "a.txt", "a.parquet", "a.pq", "a", "a.csv/x")
    assert [is_manifest(name) for name in names] == [True] * 6 + [False] * 2
    with pytest.raises(UsageError, match="save the table as CSV"):
        is_manifest("recordings.XLSX")
