import pytest
import torch

from asd_core.encoders.anopatch.efficientat import EfficientAtTokens
from asd_core.encoders.efficientat.network import EfficientAt
from asd_core.encoders.efficientat.weights import load_network
from asd_core.errors import ClipError


def test_the_mean_of_the_tokens_is_efficientats_own_feature():
    mobilenet = load_network("random", "mn01_as")
    waveforms = torch.rand(2, 32_000, generator=torch.Generator().manual_seed(0)) - 0.5
    tokens = EfficientAtTokens(mobilenet).eval()
    made = tokens(tokens.features(waveforms))
    torch.testing.assert_close(made.mean(dim=1), EfficientAt(mobilenet).eval()(waveforms), rtol=1e-4, atol=1e-5)
    assert made.shape == (2, 4 * 4, tokens.width)


def test_less_than_a_window_is_refused():
    with pytest.raises(ClipError, match="100 samples"):
        EfficientAtTokens(load_network("random", "mn01_as")).features(torch.zeros(1, 100))
