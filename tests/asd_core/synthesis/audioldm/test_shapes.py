import pytest
import torch

from asd_core.synthesis.audioldm.classes import model_classes
from asd_core.synthesis.audioldm.shapes import SHAPES


# Of the model cards: 421M, 652M and 975M in all. The paper counts 739M for the network of AudioLDM-L.
@pytest.mark.parametrize(
    ("size", "unet", "millions"),
    [("small", 185_036_552, 421), ("medium", 415_954_568, 652), ("large", 739_139_080, 975)],
)
def test_the_published_sizes_have_the_published_numbers_of_weights(size, unet, millions):
    classes, shape = model_classes(), SHAPES[size]
    with torch.device("meta"):
        made = [
            classes.unet(**shape.unet),
            classes.vae(**shape.vae),
            classes.text_encoder(classes.text_config(**shape.text_encoder)),
            classes.vocoder(classes.vocoder_config(**shape.vocoder)),
        ]
    counts = [sum(value.numel() for value in network.parameters()) for network in made]
    assert counts[0] == unet
    assert round(sum(counts) / 1e6) == millions
