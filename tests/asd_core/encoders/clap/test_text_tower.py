import numpy as np
import pytest
import torch

from asd_core.encoders.clap.text_tower import cosine_similarities, load_text_tower
from asd_core.encoders.clap.weights import CLAP_2023
from asd_core.errors import UsageError
from tests.asd_core.encoders.clap.msclap_files import wrapper
from tests.asd_core.encoders.clap.random_towers import sounds

TEXTS = [
    "Vibration",
    "High-frequency Squealing or Screeching",
    "Unexpected Silence",
    "a",
    "Irregular, 5 % louder patterns",
]


@pytest.fixture(scope="module")
def tower():
    return load_text_tower("random")


@pytest.fixture(scope="module")
def reference(clap_folder):
    return wrapper(clap_folder / CLAP_2023, "2023")


def test_texts_are_embedded_as_msclap_embeds_them(clap_folder, reference):
    found = load_text_tower(str(clap_folder)).embed(TEXTS)
    assert found.dtype == np.float32 and found.shape == (len(TEXTS), 1024)
    np.testing.assert_allclose(found, reference.get_text_embeddings(TEXTS).numpy(), atol=1e-4)


def test_similarities_are_msclaps_without_its_logit_scale(tower, reference):
    texts = torch.from_numpy(tower.embed(TEXTS))
    audio = reference._get_audio_embeddings(torch.from_numpy(sounds(2, rate=44_100))[:, None])
    expected = reference.compute_similarity(audio, texts) / reference.clap.logit_scale.exp()
    found = cosine_similarities(audio.numpy(), texts.numpy())
    np.testing.assert_allclose(found, expected.detach().numpy(), atol=1e-5)
    assert reference.clap.logit_scale.exp() > 10


def test_a_file_and_the_seed_it_was_made_from_give_the_same_tower(clap_folder, tower):
    assert load_text_tower(str(clap_folder)).digest == tower.digest
    assert tower.note.startswith("random weights (seed 0)")


def test_a_text_has_the_same_embedding_in_any_company(tower):
    together = tower.embed(TEXTS)
    for row, text in zip(together, TEXTS, strict=True):
        np.testing.assert_allclose(tower.embed([text])[0], row, atol=1e-4)


def test_different_texts_are_apart(tower):
    embeddings = tower.embed(TEXTS)
    cosines = cosine_similarities(embeddings, embeddings)
    assert np.diag(cosines) == pytest.approx(1)
    assert cosines[~np.eye(len(TEXTS), dtype=bool)].max() < 0.95


def test_no_text_is_no_row(tower):
    assert tower.embed([]).shape == (0, 1024)


def test_a_text_that_msclap_would_read_elsewhere_is_refused(tower, reference):
    stopped = reference.get_text_embeddings(["Stop!", "Stop"]).numpy()
    assert np.abs(stopped[0] - tower.embed(["Stop"])[0]).max() > 0.1  # its last token is missed
    with pytest.raises(UsageError, match="the text 'Stop!' has a '!', which MS-CLAP takes for padding: leave it out"):
        tower.embed(["fine", "Stop!"])


def test_a_text_longer_than_the_tower_was_trained_for_is_refused(tower):
    with pytest.raises(UsageError, match=r"the text 'x x .*'\.\.\. is 79 tokens long, MS-CLAP reads 77"):
        tower.embed(["x" + " x" * 38])
    assert len(tower.embed(["x" + " x" * 37])) == 1


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_a_cosine_knows_directions_only(scale):
    rows = np.array([[3, 4], [-4, 3], [-3, -4]], np.float32)
    assert cosine_similarities(rows * scale, rows[:1]).ravel() == pytest.approx([1, 0, -1], abs=1e-7)
