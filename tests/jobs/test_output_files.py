from jobs.output_files import write_files


def test_files_are_written_below_the_folder(tmp_path):
    write_files(str(tmp_path / "out"), {"a.txt": b"1", "b/c.csv": b"2"})
    assert (tmp_path / "out/a.txt").read_bytes() == b"1"
    assert (tmp_path / "out/b/c.csv").read_bytes() == b"2"
