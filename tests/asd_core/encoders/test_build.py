import sys

import numpy as np
import pytest

from asd_core.encoders.build import (
    SHARED_KEYS,
    EncoderConfig,
    embeddings_fingerprint,
    encoder_config,
    encoder_keys,
    new_encoder,
)
from asd_core.errors import UsageError
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
