import pytest

from asd_core.encoders.multires.options import MultiresOptions
from asd_core.errors import UsageError


def test_each_branch_has_the_same_length():
    assert MultiresOptions().branch_dims == (128, 128, 128)
    assert MultiresOptions(spectrum=False, stft=(256,), embedding=8).branch_dims == (8,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": 12}, "a multiple of 8"),
        ({"stft": (256, 256)}, "different even numbers"),
        ({"stft": (255,)}, "different even numbers"),
        ({"spectrum": False, "stft": ()}, "needs a branch"),
        ({"f_min": 9000.0}, "f_max"),
        ({"f_min": 9000.0, "f_max": 9500.0}, "must lie below 8000 Hz"),
        ({"padding": "edge"}, "'reflect', 'constant'"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        MultiresOptions(**options)


@pytest.mark.parametrize(
    ("options", "seconds", "message"),
    [
        ({}, 4.0, "too short for the spectrum's branch: take 4.38 or more"),
        (
            {"spectrum": False, "stft": (4096,)},
            2.0,
            "1997 bins x 16 frames, .* clip_seconds of 4.48 or more",
        ),
        ({"spectrum": False, "stft": (4096,)}, 0.1, "take clip_seconds of 4.48"),
        ({"spectrum": False, "stft": (64,), "f_max": 900.0}, 4.0, "frequencies of 36 bins"),
    ],
)
def test_clips_that_are_too_short_for_a_branch_are_refused(options, seconds, message):
    with pytest.raises(UsageError, match=message):
        MultiresOptions(**options).check_seconds(seconds)
