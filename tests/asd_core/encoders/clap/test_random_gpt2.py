import torch

from asd_core.encoders.clap.gpt2 import STOP, language_network
from asd_core.encoders.clap.random_gpt2 import pseudo_words
from asd_core.encoders.clap.text_tensors import random_gpt2


def test_the_made_up_words_are_as_many_as_gpt2s_with_its_bytes_and_its_end(tokenizer):
    assert len(tokenizer) == len(pseudo_words()[0]) == 50_257
    assert len(pseudo_words()[1]) == 50_000
    assert [tokenizer.encode(text) for text in ("!", " ", "A", "~", "\n")] == [[0], [220], [32], [93], [198]]
    assert tokenizer.encode(STOP) == [220, 50_256]


def test_a_made_up_word_is_one_token(tokenizer):
    for word in ("ba", "zuzu", " like", "bababa", " bababa"):
        assert len(tokenizer.encode(word)) == 1
    assert len(tokenizer.encode("Sounds like")) == 7


def test_transformers_finds_the_random_gpt2_in_the_hubs_cache(hub_cache, tokenizer):
    from transformers import AutoTokenizer, GPT2LMHeadModel

    offline = {"cache_dir": hub_cache, "local_files_only": True}
    network = GPT2LMHeadModel.from_pretrained("gpt2", use_safetensors=True, **offline).eval()
    ours = language_network({f"transformer.{name}": tensor for name, tensor in random_gpt2(0).items()}, "ours")
    ids = torch.tensor([AutoTokenizer.from_pretrained("gpt2", **offline).encode("Sounds like a fan")])
    assert ids.tolist() == [tokenizer.encode("Sounds like a fan")]
    with torch.inference_mode():
        torch.testing.assert_close(ours(ids).logits, network(ids).logits, rtol=0, atol=1e-4)
