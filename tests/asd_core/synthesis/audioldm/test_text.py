import torch

from asd_core.synthesis.audioldm.text import text_embeddings
from tests.asd_core.synthesis.audioldm.tiny import tiny_components

CAPTIONS = ["This is the normal sound of a fan", "This is the anomaly sound of a fan", ""]


def test_embeddings_have_length_1_and_tell_a_caption_from_its_anomalous_twin():
    made = text_embeddings(tiny_components(), CAPTIONS)
    assert made.shape == (3, 32)
    assert torch.allclose(made.norm(dim=1), torch.ones(3))
    assert made[0] @ made[1] < 0.9


def test_an_embedding_does_not_depend_on_the_captions_beside_it():
    made = text_embeddings(tiny_components(), [*CAPTIONS, CAPTIONS[0]])
    assert torch.equal(made[0], text_embeddings(tiny_components(), CAPTIONS[:1])[0])
    assert torch.equal(made[0], made[3])


def test_captions_padded_to_one_length_have_the_same_embeddings_as_captions_by_themselves():
    made = tiny_components()
    padded = made.tokenizer(CAPTIONS, padding="max_length", max_length=64, return_tensors="pt")
    with torch.no_grad():
        expected = made.text_encoder(**padded).text_embeds
    expected = expected / expected.norm(dim=1, keepdim=True)
    assert torch.allclose(text_embeddings(made, CAPTIONS), expected, atol=1e-5)


def test_a_caption_of_any_length_and_script_is_embedded():
    assert text_embeddings(tiny_components(), ["音" * 2000]).isfinite().all()


def test_no_captions_are_no_embeddings():
    assert text_embeddings(tiny_components(), []).shape == (0, 32)
