import pytest

from asd_core.errors import UsageError
from asd_core.named_class import constructor_keys, made_by, named_class


class Tone:
    loudness = 1

    def __init__(self, hertz, octave=4, device="cpu"):
        if octave > 9:
            raise ValueError("nobody hears\nthat")
        self.hertz, self.octave, self.device = hertz, octave, device


class Anything:
    def __init__(self, **settings):
        self.settings = settings


TONE = f"{__name__}:Tone"


def made(settings, kept=(), name=TONE, **given):
    return made_by(name, settings, "[tone]", kept, "protocol.py", **given)


def test_a_class_is_found_by_module_and_name():
    assert named_class("fractions:Fraction", "[x]")(1, 2) == 0.5
    for name in ("no.such:Thing", "fractions:None_such", ":Fraction"):
        with pytest.raises(UsageError, match=r"\[x\] kind = .* cannot be imported: .*; is its package installed\?"):
            named_class(name, "[x]")


def test_a_constructor_is_asked_for_its_settings_without_the_device():
    assert constructor_keys(Tone) == {"hertz", "octave"}
    assert constructor_keys(Anything) is None


def test_settings_reach_the_constructor_and_what_else_it_takes():
    tone = made({"hertz": 440}, kept=("loudness",), device="cuda", other=1)
    assert (tone.hertz, tone.octave, tone.device) == (440, 4, "cuda")
    assert made({"a": 1}, name=f"{__name__}:Anything").settings == {"a": 1}


@pytest.mark.parametrize(
    ("settings", "kept", "message"),
    [
        ({"hertz": 1, "octav": 2}, (), r"\[tone\] has no key 'octav'; did you mean 'octave'"),
        ({"hertz": 1, "device": "cpu"}, (), "has no key 'device'"),
        ({}, (), "does not take these settings: .* missing 1 required positional argument: 'hertz'"),
        ({"hertz": 1, "octave": 10}, (), "does not take these settings: nobody hears that"),
        ({"hertz": 1}, ("play",), "has no play: see protocol.py"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(settings, kept, message):
    with pytest.raises(UsageError, match=message) as error:
        made(settings, kept)
    assert "\n" not in str(error.value)
