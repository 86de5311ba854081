import shutil

import pytest

from asd_core.errors import UsageError
from asd_core.evaluation.ground_truth import TrueClip, read_ground_truth

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
    found = read_ground_truth(str(truth))
    assert found.protocol == "dcase2022"
    assert found.machines == {
        ("Toy_Car", "00"): [
            TrueClip("a.wav", ("a_speed_1",), is_anomalous=False, domain="source"),
            TrueClip("b.wav", ("b_noAttribute", "b_speed_2.wav"), is_anomalous=True, domain="target"),
        ]
    }


def test_attributes_may_be_absent(truth):
    (truth / "ground_truth_attributes" / NAME).unlink()
    (truth / "ground_truth_attributes").rmdir()
    assert [clip.other_names for clip in read_ground_truth(str(truth)).machines["Toy_Car", "00"]] == [(), ()]


@pytest.mark.parametrize(
    ("folder", "text", "message"),
    [
        ("ground_truth_domain", "a.wav,0\n", "do not all hold b.wav"),
        ("ground_truth_domain", "a.wav,0\nb.wav,1\nc.wav,1\n", "do not all hold c.wav"),
        ("ground_truth_domain", "a.wav,0\nb.wav,2\n", "2 of b.wav is neither 0 nor 1"),
        ("ground_truth_attributes", "c.wav,c_speed_1\n", "do not all hold c.wav"),
        ("ground_truth_attributes", "a.wav,same\nb.wav,same.wav\n", "two clips go by same"),
        ("ground_truth_attributes", "a.wav,b\nb.wav,c\n", "two clips go by b"),
    ],
)
def test_files_that_contradict_one_another_are_refused(truth, folder, text, message):
    (truth / folder / NAME).write_text(text)
    with pytest.raises(UsageError, match=message):
        read_ground_truth(str(truth))


@pytest.mark.parametrize("folder", ["ground_truth_domain", "ground_truth_attributes"])
def test_a_missing_file_is_named(truth, folder):
    (truth / folder / NAME).rename(truth / folder / "other.csv")
    with pytest.raises(UsageError, match=f"{folder}/{NAME}: cannot be read"):
        read_ground_truth(str(truth))


def test_a_folder_without_ground_truth_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no ground_truth_data/"):
        read_ground_truth(str(tmp_path / "nowhere"))


def test_a_file_of_another_name_is_refused(truth):
    (truth / "ground_truth_data" / "notes.csv").write_text("")
    with pytest.raises(UsageError, match=r"notes\.csv: not named ground_truth_"):
        read_ground_truth(str(truth))


@pytest.mark.parametrize("inner", ["", "ground_truth_data", "ground_truth_data/", "ground_truth_attributes"])
def test_the_release_or_one_of_its_folders_may_be_named(truth, inner):
    assert read_ground_truth(f"{truth}/{inner}") == read_ground_truth(str(truth))


def test_it_is_found_below_the_folder_that_is_named(truth):
    before = read_ground_truth(str(truth))
    (truth / "release").mkdir()
    for folder in FILES:
        (truth / folder).rename(truth / "release" / folder)
    assert read_ground_truth(str(truth)) == before


def test_two_releases_in_one_folder_are_refused(truth):
    shutil.copytree(truth / "ground_truth_data", truth / "other/ground_truth_data")
    with pytest.raises(UsageError, match="several ground truths; name one of them: ground_truth_data, other/ground"):
        read_ground_truth(str(truth))


def write_list_of_2020(folder):
    path = folder / "eval_data_list.csv"
    path.write_text(
        "fan\nid_03_1.wav,normal_id_03_7.wav,0\nid_01_0.wav,anomaly_id_01_2.wav,1\nvalve\nid_01_0.wav,normal_id_01_0.wav,0\n"
    )
    return path


def test_the_list_of_2020_has_a_line_for_each_machine_type(tmp_path):
    path = write_list_of_2020(tmp_path)
    found = read_ground_truth(str(path))
    assert found == read_ground_truth(str(tmp_path)) and found.protocol == "dcase2020"
    assert list(found.machines) == [("fan", "01"), ("fan", "03"), ("valve", "01")]
    assert found.machines["fan", "01"] == [TrueClip("id_01_0.wav", ("anomaly_id_01_2.wav",), True, "")]


def test_a_clip_before_any_machine_type_is_refused(tmp_path):
    (tmp_path / "eval_data_list.csv").write_text("id_01_0.wav,anomaly_id_01_2.wav,1\n")
    with pytest.raises(UsageError, match="neither a machine type nor a clip"):
        read_ground_truth(str(tmp_path))


def write_2021(folder, domains=("source", "target")):
    (folder / "ground_truth_data").mkdir()
    for domain in domains:
        path = folder / "ground_truth_data" / f"ground_truth_fan_section_03_{domain}_test.csv"
        path.write_text(f"section_03_{domain}_test_0000.wav,1\nsection_03_{domain}_test_0001.wav,0\n")


def test_the_domains_of_2021_make_one_section(tmp_path):
    write_2021(tmp_path)
    found = read_ground_truth(str(tmp_path))
    assert (found.protocol, list(found.machines)) == ("dcase2021", [("fan", "03")])
    assert [clip.domain for clip in found.machines["fan", "03"]] == ["source", "source", "target", "target"]


def test_a_missing_domain_of_2021_is_named(tmp_path):
    write_2021(tmp_path, ["source"])
    with pytest.raises(UsageError, match="the file of the target domain is missing"):
        read_ground_truth(str(tmp_path))


def test_attributes_of_2022_have_a_header_and_paths(truth):
    shutil.rmtree(truth / "ground_truth_attributes")
    (truth / "ground_truth_attributes/Toy_Car").mkdir(parents=True)
    header = "file_name,d1p,d1v,file_name_with_attributes\n"
    text = f"{header}Toy_Car/test/a.wav,v,1,Toy_Car/test/a_v_1.wav\nToy_Car/test/b.wav,v,2,Toy_Car/test/b_v_2.wav\n"
    (truth / "ground_truth_attributes/Toy_Car/attributes_00.csv").write_text(text)
    clips = read_ground_truth(str(truth)).machines["Toy_Car", "00"]
    assert [clip.other_names for clip in clips] == [("a_v_1.wav",), ("b_v_2.wav",)]
