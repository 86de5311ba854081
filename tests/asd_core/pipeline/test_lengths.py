import pytest

from asd_core.encoders.config import EncoderConfig
from asd_core.pipeline.lengths import added, lengths_of, lengths_that_matter

CROP = EncoderConfig()


def test_sound_that_is_not_heard_is_told_with_figures():
    assert lengths_of([60.0] * 11, CROP).notes() == [
        "11 of 11 clips are longer than the 10 s that are heard of each: 83 % of the sound is not scored; "
        "take --set encoder.clip_rule=segments"
    ]
    assert lengths_of([10.0, 20.0, None], EncoderConfig(clip_rule="tile")).notes()[0].startswith("1 of 2 clips")


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        (CROP, [10.0, 10.1, 3.0]),
        (EncoderConfig(clip_seconds=60.0), [60.0]),
        (EncoderConfig(clip_rule="windows"), [60.0, 7.0]),
        (EncoderConfig(clip_rule="segments"), [3600.0]),
        (EncoderConfig(kind="imported", name="x"), [None]),
    ],
    ids=str,
)
def test_nothing_is_said_where_all_is_heard(config, seconds):
    assert lengths_of(seconds, config).notes() == []


def test_windows_tell_clips_of_another_length_than_those_learnt():
    windows = EncoderConfig(clip_rule="windows")
    (note,) = lengths_of([7.0, 10.0, 18.0], windows, (9.9, 10.0)).notes()
    assert note.startswith("2 of 3 clips are of another length than the clips that were learnt")
    assert not lengths_of([7.0, 10.0, 18.0], EncoderConfig(clip_rule="segments"), (9.9, 10.0)).notes()


def test_machine_types_that_hear_unlike_lengths_are_told_together():
    lots = [lengths_of([60.0], CROP), lengths_of([60.0], EncoderConfig(clip_seconds=20.0)), lengths_of([5.0], CROP)]
    (note,) = added(lots).notes()
    assert note.startswith("2 of 3 clips are longer than the 10 to 20 s that are heard of each: 72 %")
    assert added([]).notes() == []


def test_lengths_matter_where_windows_are_averaged():
    assert lengths_that_matter([7.0, None, 10.0], EncoderConfig(clip_rule="windows")) == (7.0, 10.0)
    assert lengths_that_matter([7.0], CROP) is None
    assert lengths_that_matter([None], EncoderConfig(clip_rule="windows")) is None
