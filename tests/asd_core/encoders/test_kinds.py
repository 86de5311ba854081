import pytest

from asd_core.encoders.kinds import kind_of
from asd_core.errors import UsageError


def test_a_class_of_ones_own_is_a_kind_that_nothing_is_imported_for():
    kind = kind_of("no.such:Encoder")
    assert kind.is_own and kind.is_from_audio and kind.uses_device
    assert not (kind.shares_r or kind.gives_captions or kind.has_note or kind.defaults)


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="kind = 'clup' is unknown; did you mean 'clap'"):
        kind_of("clup")
