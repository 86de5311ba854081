import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from asd_core.errors import AsdError
from asd_core.synthesis.generation.archive import TABLE
from asd_core.synthesis.generation.clips_made import notes_on_clips_made


def test_the_table_beside_generated_clips_tells_what_must_be_known_of_them_once(tmp_path):
    assert notes_on_clips_made(str(tmp_path)) == []
    pq.write_table(
        pa.table({"path": ["a", "b", "c"], "note": ["random weights", "", "random weights"]}), tmp_path / TABLE
    )
    for place in (tmp_path, tmp_path / TABLE):
        assert notes_on_clips_made(str(place)) == ["the generated clips: random weights"]
    assert notes_on_clips_made(str(tmp_path / "list.csv")) == []


def test_a_broken_table_is_one_line(tmp_path):
    (tmp_path / TABLE).write_bytes(b"no table")
    with pytest.raises(AsdError, match="is broken"):
        notes_on_clips_made(str(tmp_path))
