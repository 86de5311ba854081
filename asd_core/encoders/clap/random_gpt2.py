"""The words of a GPT-2 that nobody trained.

Trial runs and tests put it where the hub's ``gpt2`` would stand. Its words are made of syllables, its byte tokens are
GPT-2's, so that "!" is 0, the space 220 and the end of text 50,256 in both, and MS-CLAP's own classes run on it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from asd_core.encoders.clap.text_tensors import POSITIONS, VOCABULARY

if TYPE_CHECKING:
    from transformers import GPT2TokenizerFast

END_OF_TEXT = "<|endoftext|>"

_MERGES = VOCABULARY - 256 - 1


def random_tokenizer() -> GPT2TokenizerFast:
    """The tokenizer of `pseudo_words`, in transformers' class for GPT-2's."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    gpt2: Any = transformers
    vocabulary, merges = pseudo_words()
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    made: GPT2TokenizerFast = gpt2.GPT2TokenizerFast(tokenizer_object=tokenizer, model_max_length=POSITIONS)
    return made


@cache
def pseudo_words() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A byte-level BPE of GPT-2's size: token → id, and the merges in their order.

    Words of one, two and three syllables, each also with the space before it that starts a word.
    """
    vocabulary = {token: index for index, token in enumerate(_byte_tokens())}
    merges = _syllable_merges()
    for left, right in merges:
        vocabulary[left + right] = len(vocabulary)
    vocabulary[END_OF_TEXT] = len(vocabulary)
    return vocabulary, merges


def _byte_tokens() -> list[str]:
    """The 256 characters that stand for bytes, in GPT-2's order: printable ones for themselves, then the rest."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(byte) for byte in printable] + [chr(0x100 + index) for index in range(256 - len(printable))]


def _syllable_merges() -> list[tuple[str, str]]:
    letters = [(consonant, vowel) for consonant in "bcdfghjklmnpqrstvwxyz" for vowel in "aeiou"]
    syllables = [a + b for a, b in letters]
    pairs = [(a, b) for a in syllables for b in syllables]
    wanted, every = _MERGES // 2 - len(letters) - len(pairs), len(pairs) * len(syllables)
    picked = (index * 83 % every for index in range(wanted))  # 83: spread over the alphabet, none twice
    triples = [("".join(pairs[index // len(syllables)]), syllables[index % len(syllables)]) for index in picked]
    words = [*letters, *pairs, *triples]
    return words + [("Ġ", a + b) for a, b in words]  # last: the space joins whole words
