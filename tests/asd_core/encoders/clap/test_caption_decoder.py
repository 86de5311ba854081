import dataclasses

import numpy as np
import pytest
import torch

from asd_core.encoders.clap.audio_tower import load_audio_tower
from asd_core.encoders.clap.beam_search import beam_search
from asd_core.encoders.clap.caption_decoder import caption_decoder_identity, load_caption_decoder
from asd_core.encoders.clap.gpt2_tree import Gpt2Tree
from asd_core.encoders.clap.weights import CLAPCAP_2023
from asd_core.errors import AsdError, UsageError
from tests.asd_core.encoders.clap.msclap_files import embeddings, with_embeddings, wrapper
from tests.asd_core.encoders.clap.random_towers import sounds
from tests.asd_core.encoders.clap.small_gpt2 import log_probabilities

NEAR = 1e-4  # log-probabilities of the same text with and without a cache
STOP = 220


@pytest.fixture(scope="module")
def decoder(clap_folder):
    return load_caption_decoder(str(clap_folder))


@pytest.fixture(scope="module")
def captions(decoder):
    return decoder.caption(embeddings(20))


@pytest.fixture(scope="module")
def reference(clap_folder):
    return wrapper(clap_folder / CLAPCAP_2023, "clapcap")


class Recorder:
    """A tokenizer that remembers the tokens of what it has written."""

    def __init__(self, tokenizer):
        self.encode, self._tokenizer, self.tokens = tokenizer.encode, tokenizer, {}

    def decode(self, ids):
        text = self._tokenizer.decode(ids)
        self.tokens[text.capitalize()] = ids.tolist()
        return text


def assert_same_or_tied(decoder, prefixes, found, expected, tokens):
    """The captions are the reference's; where one is not, the two are as likely as each other to 1e-4."""
    ours = beam_search(decoder.network, prefixes, STOP, most_tokens=decoder.most_tokens)
    for prefix, best, text, other in zip(prefixes, ours, found, expected, strict=True):
        if text != other:
            likely = [log_probabilities(decoder.network, prefix, ids).mean() for ids in (best.tokens, tokens[other])]
            assert float(likely[0] - likely[1]) == pytest.approx(0, abs=NEAR), (text, other)


def test_captions_are_those_of_msclaps_generate_caption(decoder, reference):
    given, short = embeddings(2), dataclasses.replace(decoder, most_tokens=4)
    found = [caption.text for caption in short.caption(given, start="")]
    assert found == with_embeddings(reference).generate_caption(given, entry_length=4)


def test_a_forced_start_is_read_before_the_search_and_stands_before_its_text(decoder, reference):
    start = decoder.tokenizer.encode("Sounds like")
    prefix = decoder.prefixes(torch.from_numpy(embeddings(1)), start)
    assert prefix.shape == (1, 40 + len(start), 768)
    rest = reference._generate_beam(embed=prefix, entry_length=4)[0]  # all computed again at each step
    (caption,) = dataclasses.replace(decoder, most_tokens=4).caption(embeddings(1))
    assert caption.text == f"Sounds like{rest}".capitalize()
    assert caption.tokens == 4  # those of the start are not counted


@pytest.mark.parametrize("start", [pytest.param("", marks=pytest.mark.slow), "Sounds like"])
def test_each_step_has_the_probability_that_gpt2_gives_without_a_cache(decoder, start):
    prefixes = decoder.prefixes(torch.from_numpy(embeddings(2)), decoder.tokenizer.encode(start))
    for prefix, best in zip(prefixes, beam_search(decoder.network, prefixes, STOP), strict=True):
        tree = Gpt2Tree(decoder.network, 1, len(prefix), 1, len(best.tokens))
        logits = [tree.read_prefix(prefix[None])]
        logits += [tree.read_tokens(torch.tensor([[token]]), torch.tensor([[True]])) for token in best.tokens[:-1]]
        cached = torch.cat(logits).log_softmax(-1)[torch.arange(len(best.tokens)), torch.tensor(best.tokens)]
        expected = log_probabilities(decoder.network, prefix, best.tokens)
        torch.testing.assert_close(cached, expected, rtol=0, atol=NEAR)
        assert best.log_probability == pytest.approx(float(expected.mean()), abs=NEAR)


def test_random_captions_differ_start_as_asked_and_end_by_themselves(captions):
    assert all(caption.text.startswith("Sounds like") for caption in captions)
    assert len({caption.text for caption in captions}) >= 10
    assert any(caption.ended for caption in captions)
    assert len({caption.tokens for caption in captions}) >= 3
    assert all(caption.text.endswith(" ") for caption in captions if caption.ended)


def test_the_same_embedding_gives_the_same_caption_in_any_company(decoder, captions):
    alone = [decoder.caption(row[None])[0] for row in embeddings(20)[:2]]
    assert [caption.text for caption in alone] == [caption.text for caption in captions[:2]]
    for one, other in zip(alone, captions, strict=False):
        assert one.log_probability == pytest.approx(other.log_probability, abs=NEAR)


def test_the_length_of_an_embedding_is_nothing_to_its_caption(decoder, captions):
    assert decoder.caption(3 * embeddings(20)[:1])[0].text == captions[0].text


def test_more_clips_than_are_decoded_at_once_come_in_their_order(decoder):
    few, given = dataclasses.replace(decoder, most_tokens=2, clips_at_once=2), embeddings(5)
    together = dataclasses.replace(few, clips_at_once=5).caption(given)
    assert [caption.text for caption in few.caption(given)] == [caption.text for caption in together]
    assert few.caption(given[:0]) == []


def test_a_file_and_the_seed_it_was_made_from_give_the_same_decoder(decoder):
    random = load_caption_decoder("random:0")
    assert random.fingerprint == decoder.fingerprint
    assert random.note.startswith("random weights (seed 0)")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (np.zeros((2, 1024)), "all zero"),
        (np.full((1, 1024), np.nan), "finite"),
        (np.ones((2, 128)), r"1024 numbers, got the shape \(2, 128\)"),
    ],
)
def test_embeddings_without_a_caption_are_refused(decoder, rows, told):
    with pytest.raises(AsdError, match=told):
        decoder.caption(rows.astype(np.float32))


def test_a_start_that_would_be_the_caption_is_refused(decoder):
    with pytest.raises(UsageError, match="captions cannot start with 101 tokens: the limit is 100"):
        decoder.caption(embeddings(1), start=" x" * 50 + "x")


@pytest.mark.slow
@pytest.mark.timeout(3600)  # the reference computes all positions again for each of some 20 tokens
def test_twenty_clips_from_their_sounds_have_msclaps_captions(clap_folder, decoder):
    waveforms = torch.from_numpy(sounds(20, rate=44_100))
    tower = load_audio_tower(str(clap_folder), CLAPCAP_2023)
    with torch.inference_mode():
        given = tower.embed(tower.log_mel(waveforms)).numpy()
    reference = wrapper(clap_folder / CLAPCAP_2023, "clapcap")
    reference.tokenizer = Recorder(reference.tokenizer)
    expected = reference.generate_caption(waveforms)
    captions = decoder.caption(given, start="")
    found = [caption.text for caption in captions]
    assert_same_or_tied(
        decoder, decoder.prefixes(torch.from_numpy(given), []), found, expected, reference.tokenizer.tokens
    )
    assert len(set(found)) >= 10 and any(caption.ended for caption in captions)


def test_its_identity_is_known_without_its_networks(decoder):
    assert caption_decoder_identity("random:0") == (decoder.fingerprint, load_caption_decoder("random:0").note)


def test_memory_that_runs_out_halves_the_clips_that_are_decoded_at_once(decoder):
    asked = []

    class Mapper(torch.nn.Module):
        def forward(self, directions):
            asked.append(len(directions))
            if len(directions) > 2:
                raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")
            return decoder.mapper(directions)

    short, given = dataclasses.replace(decoder, most_tokens=2), embeddings(5)
    expected = [caption.text for caption in short.caption(given)]
    found = dataclasses.replace(short, mapper=Mapper()).caption(given)
    assert [caption.text for caption in found] == expected and asked == [5, 2, 2, 1]
