"""Only labels are written."""

from asd_core.serving.label_files_only import LabelFilesOnly
from asd_core.store.local_files import LocalFiles
from tests.fleet import files_of


def test_labels_are_written_and_all_else_stays(tmp_path):
    whole = LocalFiles(tmp_path)
    whole.write("runs/a.json", b"{}")
    files = LabelFilesOnly(whole)
    before = files_of(tmp_path)
    files.write("runs/a.json", b"changed")
    files.write("alarms/k/date=1.parquet", b"new")
    files.delete("runs/a.json")
    files.remove_leftovers(0)
    assert files.write_new("runs/b.json", b"") and files.write_new("labels", b"") and files.write_new("labelsx/a", b"")
    assert files_of(tmp_path) == before
    assert files.write_new("labels/a.parquet", b"one") and not files.write_new("labels/a.parquet", b"two")
    assert files.read("labels/a.parquet") == b"one" and files.exists("runs/a.json")
    assert [info.path for info in files.list("labels")] == ["labels/a.parquet"]
    assert (files.url, files.uri("a"), files.address("a")) == (whole.url, whole.uri("a"), whole.address("a"))
