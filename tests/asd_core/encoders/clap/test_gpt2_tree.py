import pytest
import torch

from asd_core.encoders.clap.gpt2_tree import Gpt2Tree
from tests.asd_core.encoders.clap.small_gpt2 import PREFIX, VOCABULARY, prefixes, small_gpt2

CLIPS, BEAMS, STEPS = 3, 4, 5


@pytest.fixture(scope="module")
def network():
    return small_gpt2()


def uncached(network, prefix, tokens):
    """Logits of the token after a prefix and some tokens, all of them computed again."""
    vectors = torch.cat((prefix, network.transformer.wte.weight[torch.tensor(tokens, dtype=torch.long)]))
    return network(inputs_embeds=vectors[None], use_cache=False).logits[0, -1]


def near(found, expected):
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-5)


def test_a_prefix_is_read_as_gpt2_reads_it(network):
    given = prefixes(CLIPS)
    found = Gpt2Tree(network, CLIPS, PREFIX, BEAMS, STEPS).read_prefix(given)
    near(found, network(inputs_embeds=given, use_cache=False).logits[:, -1])


def test_beams_that_change_places_keep_their_own_history(network):
    given, draw = prefixes(CLIPS), torch.Generator().manual_seed(1)
    tree = Gpt2Tree(network, CLIPS, PREFIX, BEAMS, STEPS)
    tree.read_prefix(given)
    texts = [[[] for _ in range(BEAMS)] for _ in range(CLIPS)]
    for _ in range(STEPS):
        tokens = torch.randint(0, VOCABULARY, (CLIPS, BEAMS), generator=draw)
        texts = [[texts[c][b] + [int(tokens[c, b])] for b in range(BEAMS)] for c in range(CLIPS)]
        logits = tree.read_tokens(tokens, torch.ones((CLIPS, BEAMS), dtype=torch.bool))
        expected = [uncached(network, given[c], texts[c][b]) for c in range(CLIPS) for b in range(BEAMS)]
        near(logits, torch.stack(expected))
        sources = torch.randint(0, BEAMS, (CLIPS, BEAMS), generator=draw)
        tree.branch(sources)
        texts = [[texts[c][b] for b in sources[c].tolist()] for c in range(CLIPS)]


def test_stopped_beams_and_clips_that_leave_change_nothing_for_the_others(network):
    given = prefixes(CLIPS)
    tree = Gpt2Tree(network, CLIPS, PREFIX, BEAMS, STEPS)
    tree.read_prefix(given)
    running = torch.ones((CLIPS, BEAMS), dtype=torch.bool)
    tree.read_tokens(torch.full((CLIPS, BEAMS), 7), running)
    running[:, 1] = False
    tree.read_tokens(torch.full((CLIPS, BEAMS), 8), running)
    tree.keep([2, 1])  # the last takes the first one's place
    logits = tree.read_tokens(torch.full((2, BEAMS), 9), running[:2])
    assert logits.shape == (2 * (BEAMS - 1), VOCABULARY)
    for row, clip in enumerate([2, 2, 2, 1, 1, 1]):
        near(logits[row], uncached(network, given[clip], [7, 8, 9]))
