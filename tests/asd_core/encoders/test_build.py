import dataclasses
import inspect
import sys

import numpy as np
import pytest

from asd_core.encoders.build import (
    KINDS,
    embeddings_fingerprint,
    encoder_config,
    encoder_keys,
    kind_of,
    named_groups,
    new_encoder,
)
from asd_core.encoders.config import SHARED_KEYS, EncoderConfig
from asd_core.errors import UsageError
from asd_core.named_class import named_class
from asd_core.recipe.recipe import load_recipe
from asd_core.tuning.space.setting import applied
from tests.asd_core.encoders.own_package import write_package


@pytest.fixture
def kind(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    yield write_package(tmp_path)
    for name in [name for name in sys.modules if name.startswith("plant_sounds")]:
        del sys.modules[name]


def test_a_class_of_ones_own_gets_its_options_and_the_device(kind):
    encoder = new_encoder(encoder_config({"kind": kind, "width": 5}), "cuda")
    assert (encoder.embedding_dim, encoder.device) == (5, "cuda")
    assert encoder.embed(np.ones((2, 100), np.float32)).shape == (2, 5)


def test_it_is_asked_which_keys_it_takes_and_not_told_those_of_another_kind(kind):
    assert encoder_keys(kind) == {"width"} | SHARED_KEYS and encoder_keys("nowhere:Class") is None
    setting = {"encoder.kind": kind, "encoder.width": 4, "encoder.r": 0.5}
    laid = applied(load_recipe("twfr-gmm").with_settings({"encoder.n_mels": 64}), setting)
    assert (laid.encoder.options, laid.encoder.clip_seconds) == ('{"width": 4}', 10.0)


def test_the_option_names_the_embeddings_and_the_device_and_batch_size_do_not(kind):
    names = [
        embeddings_fingerprint(encoder_config({"kind": kind, **options}))
        for options in ({}, {"width": 3}, {"batch_size": 7}, {"width": 4}, {"clip_seconds": 2}, {"channel": 0})
    ]
    assert names[0] == names[1] == names[2]
    assert len(set(names)) == 4


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"widht": 5}, r"\[encoder\] has no key 'widht'; did you mean 'width'"),
        ({"device": "cuda"}, r"\[encoder\] has no key 'device'"),
    ],
)
def test_an_unknown_option_of_ones_own_class_is_refused(kind, table, message):
    with pytest.raises(UsageError, match=message):
        new_encoder(encoder_config({"kind": kind, **table}))


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("plant_sounds.energies:Energy", "cannot be imported: module .* has no attribute 'Energy'; is its package"),
        ("plant_sounds.none:Energies", "cannot be imported: No module named 'plant_sounds.none'"),
        ("plant_sounds.energies:Half", "has no embedding_dim: see asd_core/encoders/protocol.py"),
    ],
)
def test_a_class_that_is_no_encoder_is_refused(kind, own, message):
    with pytest.raises(UsageError, match=message):
        new_encoder(EncoderConfig(kind=own))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"kind": "twrf"}, "did you mean 'twfr'"),
        ({"q": 1}, "has no key 'q'"),
        ({"clip_seconds": 0}, "must be positive, got 0.0"),
        ({"clip_rule": "tiled"}, "did you mean 'tile'"),
        ({"batch_size": 0}, "at least 1, got 0"),
        ({"channel": -1}, "counts from 0, got -1"),
        ({"hop_seconds": 5}, "hop_seconds needs clip_rule = \"segments\", got 'crop'"),
        ({"clip_rule": "segments", "hop_seconds": 11}, "at most clip_seconds .10., got 11: sound between segments"),
        ({"clip_rule": "segments", "hop_seconds": 0}, "must be positive"),
        ({"clip_rule": "segments", "hop_seconds": 0.01}, "hears each moment 1000 times: take at least 0.15"),
        ({"kind": "imported", "r": 0.5}, "has no key 'r'"),
    ],
)
def test_a_wrong_table_is_refused(table, message):
    with pytest.raises(UsageError, match=message):
        encoder_config(table)


def test_imported_embeddings_have_a_name_and_no_encoder():
    with pytest.raises(UsageError, match="say which with --encoder NAME"):
        embeddings_fingerprint(EncoderConfig(kind="imported"))
    with pytest.raises(UsageError, match="have no encoder"):
        new_encoder(EncoderConfig(kind="imported", name="x"))
    names = {embeddings_fingerprint(EncoderConfig(kind="imported", name=name)) for name in "xy"}
    assert len(names) == 2


def test_a_fingerprint_never_changes_so_that_stores_stay_good():
    assert embeddings_fingerprint(EncoderConfig(kind="imported", name="x")) == "7888450da1b114b4"
    assert embeddings_fingerprint(EncoderConfig()) == "ac752896af2f608f"


def test_segments_and_their_hop_name_the_embeddings():
    hops = [None, 10.0, 5.0]
    whole, same, half = (embeddings_fingerprint(EncoderConfig(clip_rule="segments", hop_seconds=hop)) for hop in hops)
    assert whole == same != half and embeddings_fingerprint(EncoderConfig()) not in (whole, half)


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


def test_a_recipe_may_list_several_r_and_its_groups_are_named():
    config = encoder_config({"kind": "twfr", "r": [0, 0.9], "level": True})
    assert new_encoder(config).r == (0.0, 0.9)
    assert named_groups(config) == (("r = 0", 128), ("r = 0.9", 128), ("level", 1))
    with pytest.raises(UsageError, match=r"\[encoder\] r\[1\] = 'x' is not a number"):
        encoder_config({"kind": "twfr", "r": [0, "x"]})
    with pytest.raises(UsageError, match='"named", but embeddings of kind imported name no groups: write a number'):
        named_groups(encoder_config({"kind": "imported"}))
