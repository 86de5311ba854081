import pytest

from asd_core.errors import UsageError
from asd_core.evaluation.clip_numbers import clip_name, read_flags, read_numbers, stem
from asd_core.store.local_files import LocalFiles


def numbers(folder, data):
    (folder / "numbers.csv").write_bytes(data)
    return read_numbers(LocalFiles(folder), "numbers.csv")


def test_byte_order_marks_line_ends_and_quotes_are_taken(tmp_path):
    found = numbers(tmp_path, b'\xef\xbb\xbfa.wav,1.5\r\n\r\n"b,c.wav",-2e-3\r\n\xff.wav,0')
    assert found == {"a.wav": 1.5, "b,c.wav": -2e-3, "\udcff.wav": 0.0}


@pytest.mark.parametrize(
    "text",
    [
        "a.wav;1.5\nb.wav;2\n",
        "a.wav\t1.5\nb.wav\t2\n",
        "file_name,anomaly_score\na.wav,1.5\nb.wav,2\n",
        "a.wav, 1.5 ,\n b.wav ,2,x\n,,\n",
        "/data/test/a.wav,1.5\n..\\b.wav,2\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_spreadsheets_and_scripts_write_is_read_the_same(tmp_path, text, encoding):
    assert numbers(tmp_path, text.encode(encoding)) == {"a.wav": 1.5, "b.wav": 2.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.wav,1\na.wav,2\n", "a.wav is given twice"),
        ("a.wav,loud\n", "'loud' of a.wav is not a finite number"),
        ("a.wav,1\nfile_name,anomaly_score\n", "'anomaly_score' of file_name is not a finite number"),
        ("a.wav\n", "'a.wav' is not a clip, a comma and a number"),
    ],
)
def test_a_row_that_is_no_clip_and_number_is_named(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        numbers(tmp_path, text.encode())


def test_flags_are_zero_or_one(tmp_path):
    (tmp_path / "flags.csv").write_text("a.wav,1\nb.wav,0.0\n")
    assert read_flags(LocalFiles(tmp_path), "flags.csv") == {"a.wav": True, "b.wav": False}


def test_names_are_joined_without_folder_and_ending():
    assert stem(clip_name("x/y\\section_00_0001.WAV")) == "section_00_0001" == stem("section_00_0001.flac")
    assert stem("section_00_0001_spd_0.12") == "section_00_0001_spd_0.12"


@pytest.mark.parametrize("words", [("anomaly", "normal"), ("NG", "ok"), ("1.0", "0.0"), ("true", "False")])
def test_a_word_for_a_condition_is_its_number(tmp_path, words):
    (tmp_path / "flags.csv").write_text(f"a.wav,{words[0]}\nb.wav,{words[1]}\n")
    assert read_flags(LocalFiles(tmp_path), "flags.csv") == {"a.wav": True, "b.wav": False}
    (tmp_path / "flags.csv").write_text("a.wav,1\nb.wav,loud\n")
    with pytest.raises(UsageError, match="'loud' of b.wav is not a finite number"):
        read_flags(LocalFiles(tmp_path), "flags.csv")
