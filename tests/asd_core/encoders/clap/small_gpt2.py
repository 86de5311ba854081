"""A GPT-2 of a few thousand weights, and the prefixes that it continues."""

import torch
from transformers import GPT2Config, GPT2LMHeadModel

VOCABULARY, WIDTH, PREFIX = 400, 32, 6
STOP = 220


def small_gpt2(seed=0, lean=0.0, vocabulary=VOCABULARY):
    """Random weights with a peaked output; ``lean`` makes the stop token likelier."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = GPT2LMHeadModel(GPT2Config(vocab_size=vocabulary, n_positions=128, n_embd=WIDTH, n_layer=2, n_head=4))
        for name, weight in network.named_parameters():
            if weight.dim() == 2:
                torch.nn.init.normal_(weight, 0, 0.6 if "wte" in name or "wpe" in name else 0.3)
        network.transformer.ln_f.bias.data = lean * network.transformer.wte.weight[min(STOP, vocabulary - 1)].detach()
    return network.eval().requires_grad_(False)


def prefixes(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, PREFIX, WIDTH, generator=generator)


def log_probabilities(network, prefix, tokens):
    """(T,) of each token after a prefix (P, D) and the tokens before it, without any cache."""
    ids = torch.as_tensor(tokens)
    vectors = torch.cat((prefix, network.transformer.wte.weight[ids]))[None]
    logits = network(inputs_embeds=vectors, use_cache=False).logits[0, len(prefix) - 1 : -1]
    return logits.log_softmax(-1)[torch.arange(len(ids)), ids]
