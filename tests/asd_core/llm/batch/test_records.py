import pytest

from asd_core.errors import AsdError
from asd_core.llm.batch.records import BatchRecord, BatchRecords
from asd_core.store.local_files import LocalFiles

RECORD = BatchRecord("t1", "gpt", ("a", "b"), 1_800_000_000.5, parameters={"max_tokens": 5})


def test_a_record_comes_back_as_it_was_written_to_the_llm_that_it_is_of(tmp_path):
    records = BatchRecords(LocalFiles(tmp_path))
    records.write(RECORD)
    assert records.of("gpt") == [RECORD] and records.of("other") == []


def test_what_is_written_later_takes_the_place_of_what_was_known(tmp_path):
    records = BatchRecords(LocalFiles(tmp_path))
    known = BatchRecord(**{**vars(RECORD), "batch_id": "batch_7"})
    records.write(RECORD)
    records.write(known)
    assert records.of("gpt") == [known]
    records.remove(known)
    assert records.of("gpt") == [] and LocalFiles(tmp_path).list() == []


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"token": "x", "request_ids": 3}'])
def test_a_broken_record_is_named_with_the_way_out(tmp_path, data):
    files = LocalFiles(tmp_path)
    files.write(RECORD.path, data)
    with pytest.raises(AsdError, match=r"batches/t1.json is broken: .*then remove it"):
        BatchRecords(files).of("gpt")
