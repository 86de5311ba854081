import dataclasses
import inspect

import pytest

from asd_core.encoders.build import SHARED_KEYS, encoder_config, encoder_keys, new_encoder
from asd_core.encoders.kinds import KINDS, kind_of
from asd_core.errors import UsageError
from asd_core.named_class import named_class

FROM_AUDIO = [name for name, kind in KINDS.items() if kind.is_from_audio]


@pytest.mark.parametrize("name", FROM_AUDIO)
def test_every_kind_names_a_dataclass_that_has_what_its_line_says(name):
    kind, config = KINDS[name], encoder_config({"kind": name})
    encoder = new_encoder(config)
    assert dataclasses.is_dataclass(named_class(kind.encoder, name))
    assert hasattr(encoder, "device") == kind.uses_device and hasattr(encoder, "note") == kind.has_note
    assert ("r" in inspect.signature(type(encoder)).parameters) == kind.shares_r
    assert {key: getattr(config, key) for key in kind.defaults} == dict(kind.defaults)
    assert kind.defaults.keys() <= SHARED_KEYS < encoder_keys(name)


def test_defaults_of_a_kind_give_way_to_what_a_recipe_says():
    assert encoder_config({"kind": "clap"}).clip_seconds == 7.0
    assert encoder_config({"kind": "clap", "clip_seconds": 5.0}).clip_seconds == 5.0


def test_imported_embeddings_take_the_shared_keys_alone():
    assert not kind_of("imported").is_from_audio and encoder_keys("imported") == SHARED_KEYS


def test_a_class_of_ones_own_is_a_kind_that_nothing_is_imported_for():
    kind = kind_of("no.such:Encoder")
    assert kind.is_own and kind.is_from_audio and kind.uses_device
    assert not (kind.shares_r or kind.gives_captions or kind.has_note or kind.defaults)


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="kind = 'clup' is unknown; did you mean 'clap'"):
        kind_of("clup")
