import pytest

from asd_core.errors import UsageError
from asd_core.store.tables import rows_of
from asd_core.synthesis.metadata_captions.pairs import PAIRS, reference_types, training_pairs
from tests.asd_core.synthesis.metadata_captions.placed import clips_of_names, names

REFERENCE = [
    *names("ToyCar", "source", "car_B2_spd_31V_mic_1", 3),
    *names("ToyCar", "source", "car_B2_spd_31V_mic_1", 1, split="test"),
    *names("ToyCar", "target", "car_A1_spd_28V_mic_2", 2, split="test", condition="anomaly"),
    "ToyCar/test/section_00_0007.wav",
]
TARGET = [
    *names("grinder", "source", "grindstone_2_plate_2", 2),
    *names("grinder", "source", "grindstone_2_plate_2", 1, split="test"),
    *names("grinder", "source", "grindstone_2_plate_2", 1, split="test", condition="anomaly"),
]
CLIPS = clips_of_names([*REFERENCE, *TARGET])


def test_the_pairs_are_those_of_eq_3():
    pairs = training_pairs(CLIPS, ["ToyCar"], ["grinder"])

    heard = [tuple(row) for row in rows_of(pairs, "machine_type", "split", "condition")]
    assert sorted(heard) == sorted(
        [("ToyCar", "train", "normal")] * 3  # A_RN
        + [("ToyCar", "test", "normal")]  # A_RN
        + [("ToyCar", "test", "anomalous")] * 2  # A_RA
        + [("grinder", "train", "normal")] * 2  # A_TN
    )
    assert pairs.schema.equals(PAIRS)


def test_no_test_clip_of_a_target_is_heard_even_where_it_is_a_reference_by_default():
    references = reference_types(CLIPS, ["grinder"])

    heard = training_pairs(CLIPS, references, ["grinder"])["uri"].to_pylist()
    assert references == ("ToyCar",)
    assert not [uri for uri in heard if "/grinder/test/" in uri]


def test_each_clip_has_the_caption_of_its_own_condition():
    captions = dict(rows_of(training_pairs(CLIPS, ["ToyCar"], ["grinder"]), "uri", "caption"))

    (anomalous,) = {caption for uri, caption in captions.items() if "_anomaly_" in uri}
    assert anomalous == (
        "This is the anomaly sound of a toy car with model A1 and speed 28V, recorded by a microphone placed at the "
        "position 2."
    )
    assert all(" normal sound " in caption for uri, caption in captions.items() if "_normal_" in uri)


def test_the_order_of_the_archive_makes_no_difference():
    back = CLIPS.take(list(range(len(CLIPS)))[::-1])

    assert training_pairs(back, ["ToyCar"], ["grinder"]).equals(training_pairs(CLIPS, ["ToyCar"], ["grinder"]))


def test_without_references_only_normals_of_the_targets_are_heard():
    pairs = training_pairs(CLIPS, [], ["grinder"])

    assert set(pairs["condition"].to_pylist()) == {"normal"}
    assert len(pairs) == 2


@pytest.mark.parametrize(
    ("targets", "named", "line"),
    [
        ([], None, "no target"),
        (["Grinder"], None, "--targets: no clip is of machine type 'Grinder'; did you mean 'grinder'?"),
        (["grinder"], ["ToyCart"], "--references: no clip is of machine type 'ToyCart'; did you mean 'ToyCar'?"),
        (["grinder"], ["grinder"], "'grinder' is a target and a reference"),
    ],
)
def test_types_that_make_no_sense_are_one_line(targets, named, line):
    with pytest.raises(UsageError) as raised:
        reference_types(CLIPS, targets, named)
    assert line in str(raised.value)


def test_a_target_without_a_normal_clip_is_one_line():
    clips = clips_of_names([*REFERENCE, "shaker/test/section_00_0000.wav"])

    with pytest.raises(UsageError, match="target 'shaker' has no normal clip to learn from"):
        training_pairs(clips, ["ToyCar"], ["shaker"])
