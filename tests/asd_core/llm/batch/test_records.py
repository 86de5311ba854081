import pytest

from asd_core.errors import AsdError
from asd_core.store.local_files import LocalFiles
from tests.asd_core.llm.batch.backfill import asked


def test_a_record_that_is_broken_is_named(server, tmp_path):
    LocalFiles(tmp_path).write("batches/x.json", b"{}")
    with pytest.raises(AsdError, match=r"batches/x.json is broken: .*then remove it"):
        asked(server, LocalFiles(tmp_path))
