import json

import pytest
import transformers
from speechbrain.lobes.models.beats import BEATsConfig

from asd_core.encoders.anopatch.hub_models import CLASSES
from asd_core.encoders.anopatch.shapes import BEATS, EFFICIENTAT, SHAPES, check_shape, dropout_settings, shape_settings
from asd_core.errors import AsdError, UsageError


@pytest.mark.parametrize("kind", [kind for kind in SHAPES if kind != EFFICIENTAT])
def test_every_setting_is_one_of_the_backbones_own(kind):
    made = BEATsConfig() if kind == BEATS else getattr(transformers, f"{CLASSES[kind]}Config")()
    shape = SHAPES[kind]
    assert all(hasattr(made, name) for name in (*shape.full, *shape.dropouts))
    assert set(shape.tiny) <= set(shape.full)


def test_a_recipe_changes_single_settings_of_a_size():
    made = shape_settings("beats", "tiny", '{"encoder_layers": 3}')
    assert made == {**SHAPES["beats"].full, **SHAPES["beats"].tiny, "encoder_layers": 3}
    assert shape_settings("ast", "full") == SHAPES["ast"].full


@pytest.mark.parametrize(
    ("changes", "message"),
    [("12", "must be JSON such as"), ("{", "must be JSON"), ('{"layers": 3}', "did you mean 'encoder_layers'")],
)
def test_changes_that_are_none_are_one_line(changes, message):
    with pytest.raises(UsageError, match=message):
        shape_settings("beats", "full", changes)


def test_one_dropout_holds_everywhere_or_none_is_set():
    assert dropout_settings("ast", 0.0) == {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    assert dropout_settings("ast", None) == {}
    with pytest.raises(UsageError, match=r"encoder\.dropout = 1\.5"):
        dropout_settings("ast", 1.5)


def test_weights_of_another_shape_say_what_to_write():
    found = shape_settings("wavlm", "full", '{"num_hidden_layers": 12, "conv_bias": true}')
    check_shape("wavlm", {**found, "conv_dim": tuple(found["conv_dim"])}, found, "here")
    with pytest.raises(AsdError, match="num_hidden_layers is 12, and the recipe says 24") as caught:
        check_shape("wavlm", found, shape_settings("wavlm", "full"), "here")
    written = str(caught.value).partition("encoder.shape = '")[2].rstrip("'")
    assert shape_settings("wavlm", "full", written) == found
    assert json.loads(written) == {"num_hidden_layers": 12, "conv_bias": True}
