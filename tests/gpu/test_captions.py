import pytest

from asd_core.encoders.clap.caption_decoder import caption_decoder_identity, load_caption_decoder
from tests.asd_core.encoders.clap.msclap_files import embeddings

pytestmark = pytest.mark.gpu

NEAR = 1e-4  # natural logarithm a token: nearer than this, two captions are a tie


def test_captions_are_those_of_the_cpu_ties_aside(device):
    given = embeddings(33 if device == "cuda" else 2)  # one more than are decoded at once
    on_gpu, on_cpu = load_caption_decoder("random", device), load_caption_decoder("random")
    assert on_gpu.fingerprint == on_cpu.fingerprint == caption_decoder_identity("random")[0]
    found, expected = on_gpu.caption(given), on_cpu.caption(given)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.log_probability == pytest.approx(theirs.log_probability, abs=NEAR)
    assert sum(ours.text == theirs.text for ours, theirs in zip(found, expected, strict=True)) >= 0.9 * len(given)
