from asd_core.encoders.efficientat.class_names import class_names


def test_the_classes_are_those_of_audioset_in_its_order():
    names = class_names()
    assert len(names) == len(set(names)) == 527
    assert (names[0], names[1], names[-1]) == ("Speech", "Male speech, man speaking", "Field recording")


def test_they_are_the_same_as_the_published_index(real_data):
    lines = (real_data / "efficientat_mn04" / "class_labels_indices.csv").read_text("utf-8").splitlines()[1:]
    assert [line.split(",", 2)[2].strip('"') for line in lines] == list(class_names())
