from asd_core.encoders.build import encoder_config
from asd_core.encoders.trainable import encoder_table, is_trainable
from tests.tiny_encoder import KIND


def test_an_encoder_with_a_network_can_be_trained_and_another_cannot():
    assert is_trainable(encoder_config({"kind": KIND}))
    assert not is_trainable(encoder_config({"kind": "twfr"})) and not is_trainable(encoder_config({"kind": "imported"}))


def test_the_table_has_every_field_and_makes_the_same_encoder():
    config = encoder_config({"kind": "twfr", "r": [0.5, 1], "clip_seconds": 2})
    table = encoder_table(config)
    assert (table["r"], table["n_mels"], table["clip_seconds"], "channel" in table) == ([0.5, 1.0], 128, 2.0, False)
    assert encoder_table(encoder_config(table)) == table
