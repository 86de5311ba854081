import pytest

from asd_core.errors import UsageError
from asd_core.evaluation.ground_truth import TrueClip, read_flags, read_ground_truth, read_numbers

NAME = "ground_truth_Toy_Car_section_00_test.csv"
FILES = {
    "ground_truth_data": "b.wav,1\na.wav,0\n",
    "ground_truth_domain": "a.wav,0\nb.wav,1\n",
    "ground_truth_attributes": "a.wav,a_speed_1\nb.wav,b_noAttribute,b_speed_2.wav\n",
}


@pytest.fixture
def truth(tmp_path):
    for folder, text in FILES.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / NAME).write_text(text)
    return tmp_path


def test_the_three_files_are_joined_by_name(truth):
    assert read_ground_truth(truth) == {
        ("Toy_Car", "00"): [
            TrueClip("a.wav", ("a_speed_1",), is_anomalous=False, domain="source"),
            TrueClip("b.wav", ("b_noAttribute", "b_speed_2.wav"), is_anomalous=True, domain="target"),
        ]
    }


def test_attributes_may_be_absent(truth):
    (truth / "ground_truth_attributes" / NAME).unlink()
    (truth / "ground_truth_attributes").rmdir()
    assert [clip.other_names for clip in read_ground_truth(truth)["Toy_Car", "00"]] == [(), ()]


@pytest.mark.parametrize(
    ("folder", "text", "message"),
    [
        ("ground_truth_domain", "a.wav,0\n", "do not all hold b.wav"),
        ("ground_truth_domain", "a.wav,0\nb.wav,1\nc.wav,1\n", "do not all hold c.wav"),
        ("ground_truth_domain", "a.wav,0\nb.wav,2\n", "2 of b.wav is neither 0 nor 1"),
        ("ground_truth_attributes", "c.wav,c_speed_1\n", "do not all hold c.wav"),
        ("ground_truth_attributes", "a.wav,same\nb.wav,same.wav\n", "two clips .* go by same"),
        ("ground_truth_attributes", "a.wav,b\nb.wav,c\n", "two clips .* go by b"),
    ],
)
def test_files_that_contradict_one_another_are_refused(truth, folder, text, message):
    (truth / folder / NAME).write_text(text)
    with pytest.raises(UsageError, match=message):
        read_ground_truth(truth)


@pytest.mark.parametrize("folder", ["ground_truth_domain", "ground_truth_attributes"])
def test_a_missing_file_is_named(truth, folder):
    (truth / folder / NAME).unlink()
    with pytest.raises(UsageError, match=f"{folder}/{NAME}: cannot be read"):
        read_ground_truth(truth)


def test_a_folder_without_ground_truth_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no ground_truth_data/"):
        read_ground_truth(tmp_path / "nowhere")


def test_a_file_of_another_name_is_refused(truth):
    (truth / "ground_truth_data" / "notes.csv").write_text("")
    with pytest.raises(UsageError, match=r"notes\.csv: not named ground_truth_"):
        read_ground_truth(truth)


def test_byte_order_marks_line_ends_and_quotes_are_taken(tmp_path):
    (tmp_path / "numbers.csv").write_bytes(b'\xef\xbb\xbfa.wav,1.5\r\n\r\n"b,c.wav",-2e-3\r\n\xff.wav,0')
    assert read_numbers(tmp_path / "numbers.csv") == {"a.wav": 1.5, "b,c.wav": -2e-3, "\udcff.wav": 0.0}


def test_flags_are_zero_or_one(tmp_path):
    (tmp_path / "flags.csv").write_text("a.wav,1\nb.wav,0.0\n")
    assert read_flags(tmp_path / "flags.csv") == {"a.wav": True, "b.wav": False}
