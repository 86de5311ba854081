import itertools
from types import SimpleNamespace

import pytest
import torch

from asd_core.encoders.clap.beam_search import MOST_TOKENS, beam_search
from asd_core.encoders.clap.msclap_package import msclap_module
from tests.asd_core.encoders.clap.small_gpt2 import STOP, log_probabilities, prefixes, small_gpt2

COUNT = 20


class Spelling:
    """A tokenizer to whom a text is its ids, for msclap's search, which returns texts."""

    def encode(self, _):
        return [STOP, 399]

    def decode(self, ids):
        return tuple(int(token) for token in ids)


def msclap_search(network, prefix, **settings):
    """The best text of one prefix by msclap's own search, which computes everything again at each step."""

    class Reference(msclap_module("CLAPWrapper").CLAPWrapper):
        def __init__(self):
            self.clapcap, self.tokenizer = torch.nn.Module(), Spelling()
            self.clapcap.gpt = network
            self.args = SimpleNamespace()

    return Reference()._generate_beam(embed=prefix[None], **settings)[0]


@pytest.mark.parametrize("lean", [0.5, 0.75, 1.3])
def test_the_same_texts_are_found_as_by_msclaps_search(lean):
    network, given = small_gpt2(lean=lean), prefixes(COUNT)
    found = beam_search(network, given, STOP)
    assert [best.tokens for best in found] == [msclap_search(network, prefix) for prefix in given]


def test_the_texts_compared_are_of_all_kinds():
    lengths = [len(best.tokens) for best in beam_search(small_gpt2(lean=0.75), prefixes(COUNT), STOP)]
    assert len(set(lengths)) >= 10 and min(lengths) == 1 and max(lengths) == MOST_TOKENS


def test_other_numbers_of_beams_and_tokens_are_searched_as_msclap_does():
    network, given = small_gpt2(lean=0.75), prefixes(6)
    for beams, most in ((1, 12), (2, 1), (3, 2), (8, 9)):
        expected = [msclap_search(network, prefix, beam_size=beams, entry_length=most) for prefix in given]
        assert [best.tokens for best in beam_search(network, given, STOP, beams, most)] == expected


def test_the_log_probability_is_the_mean_over_the_tokens():
    network, given = small_gpt2(lean=0.75), prefixes(COUNT)
    for prefix, best in zip(given, beam_search(network, given, STOP), strict=True):
        expected = log_probabilities(network, prefix, best.tokens).mean()
        assert best.log_probability == pytest.approx(float(expected), abs=1e-5)


def test_as_many_beams_as_words_find_the_best_text_of_two():
    network, given = small_gpt2(vocabulary=9), prefixes(2)
    for prefix, best in zip(given, beam_search(network, given, stop=8, beams=9, most_tokens=2), strict=True):
        texts = [(first, second) for first, second in itertools.product(range(8), range(9))] + [(8,)]
        assert best.tokens == max(texts, key=lambda text: float(log_probabilities(network, prefix, text).mean()))


def test_a_text_ends_with_its_only_stop_token_or_at_the_limit():
    for best in beam_search(small_gpt2(lean=0.75), prefixes(COUNT), STOP):
        assert STOP not in best.tokens[:-1]
        assert best.ended == (best.tokens[-1] == STOP)
        assert best.ended or len(best.tokens) == MOST_TOKENS


def test_a_prefix_alone_gives_the_text_that_it_gives_among_others():
    network, given = small_gpt2(lean=0.75), prefixes(COUNT)
    together = beam_search(network, given, STOP)
    assert [beam_search(network, prefix[None], STOP)[0].tokens for prefix in given] == [
        best.tokens for best in together
    ]
    assert [best.tokens for best in beam_search(network, given.flip(0), STOP)] == [b.tokens for b in together][::-1]
