"""Acts are kept one file each, and the newest one counts last, whatever a clock says."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from asd_core.errors import AsdError
from asd_core.store.acts import Acts
from asd_core.store.local_files import LocalFiles
from asd_core.store.tables import to_parquet

SCHEMA = pa.schema([("said", pa.string()), ("at", pa.timestamp("us", "UTC"))])
ACTS = Acts("acts", SCHEMA, "at", "say it again")


def said(word):
    return pa.table({"said": [word]})


def test_each_act_is_a_file_and_all_are_read_in_their_order(tmp_path):
    files = LocalFiles(tmp_path)
    kept = [ACTS.keep(files, said(word)) for word in ("b", "a", "b")]
    assert len(files.list("acts")) == 3 and ACTS.all(files).equals(pa.concat_tables(kept))


def test_an_act_after_one_of_a_fast_clock_is_newer_all_the_same(tmp_path):
    files, later = LocalFiles(tmp_path), datetime.now(UTC) + timedelta(days=3)
    first = ACTS.keep(files, said("early"))
    path = files.list("acts")[0].path
    files.write(path, to_parquet(first.set_column(1, "at", pa.array([later], SCHEMA.field("at").type))))
    assert ACTS.keep(files, said("now"))["at"].to_pylist() == [later + timedelta(microseconds=1)]


def test_a_broken_file_says_how_to_go_on(tmp_path):
    files = LocalFiles(tmp_path)
    files.write("acts/one.parquet", b"broken")
    with pytest.raises(AsdError, match="acts/one.parquet in the store is broken: restore it, or remove it and say it"):
        ACTS.all(files)
