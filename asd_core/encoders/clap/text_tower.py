"""MS-CLAP's text tower: texts in the space of the sounds' embeddings, for zero-shot similarities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.clap.audio_tensors import EMBEDDING_DIM
from asd_core.encoders.clap.gpt2 import (
    PADDING,
    PADDING_ID,
    STOP,
    digest_with_tokenizer,
    load_tokenizer,
    text_encoder,
    under,
)
from asd_core.encoders.clap.text_tensors import random_gpt2, random_projection
from asd_core.encoders.clap.weights import CLAP_2023, digest, is_random, random_note, read_checkpoint, seed_of
from asd_core.errors import UsageError

if TYPE_CHECKING:
    from torch import nn
    from transformers import GPT2TokenizerFast

TEXT_TOKENS = 77  # to which MS-CLAP pads, the end of the text included

_PREFIX = "caption_encoder."


class TextTower:
    """The tower in eval mode on the CPU: there are a handful of texts, and they are embedded once.

    Attributes:
        digest: hash of its tensors and its tokenizer: equal only where every text gets the same embedding.
        note: what a reader must be told of its weights; empty for trained ones.
    """

    def __init__(self, module: nn.Module, tokenizer: GPT2TokenizerFast, digest: str, note: str = "") -> None:
        self._module: Any = module
        self._tokenizer = tokenizer
        self.digest = digest
        self.note = note

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts (L) → (L, 1024) float32, not normalised: what msclap's ``get_text_embeddings`` gives.

        Raises:
            UsageError: a text that it would misread: one that is longer than it was trained for, or holds a "!", which
                is its padding: msclap counts the other tokens to find a text's last one, and so finds an earlier one.
        """
        import torch

        rows = [self._tokens(text) for text in texts]
        longest = max(map(len, rows), default=0)  # more padding changes nothing: no token looks ahead
        if not rows:
            return np.zeros((0, EMBEDDING_DIM), np.float32)
        ids = torch.tensor([row + [PADDING_ID] * (longest - len(row)) for row in rows])
        with torch.inference_mode():
            embeddings = self._module({"input_ids": ids, "attention_mask": (ids != PADDING_ID).long()})
        return np.asarray(embeddings.numpy())

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text + STOP)
        if len(ids) > TEXT_TOKENS:
            raise UsageError(f"{_shown(text)} is {len(ids)} tokens long, MS-CLAP reads {TEXT_TOKENS}: shorten it")
        if PADDING_ID in ids:
            raise UsageError(f"{_shown(text)} has a {PADDING!r}, which MS-CLAP takes for padding: leave it out")
        return ids


def load_text_tower(source: str) -> TextTower:
    """Load the text tower of CLAP_weights_2023, or make a random one.

    Args:
        source: see `asd_core.encoders.clap.weights`; its tokenizer: see `asd_core.encoders.clap.gpt2.load_tokenizer`.

    Raises:
        UsageError: there is no such file.
        AsdError: weights or tokenizer that cannot be had, or tensors that do not fit.
    """
    tokenizer = load_tokenizer(source)
    if is_random(source):
        seed = seed_of(source)
        tensors = {f"base.{name}": tensor for name, tensor in random_gpt2(seed).items()} | random_projection(seed)
    else:
        tensors = under(read_checkpoint(source, CLAP_2023), _PREFIX)
    module = text_encoder(tensors, f"the text tower of {source}")
    return TextTower(module, tokenizer, digest_with_tokenizer(tokenizer, digest(tensors)), random_note(source))


def cosine_similarities(embeddings: NDArray[np.float32], text_embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    """Cosine of the angle between sounds and texts.

    msclap's ``compute_similarity`` is this times the exponential of a trained logit scale, which is left out: a cosine
    of 1 is the same direction (Ogura et al., S_C).

    Args:
        embeddings: (N, D) of sounds, by the audio tower of the same checkpoint.
        text_embeddings: (L, D).

    Returns:
        (N, L) float64 in [-1, 1].
    """
    sounds, texts = (np.asarray(rows, np.float64) for rows in (embeddings, text_embeddings))
    sounds, texts = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (sounds, texts))
    return np.asarray(np.clip(sounds @ texts.T, -1, 1))


def _shown(text: str) -> str:
    return f"the text {text[:60]!r}{'...' if len(text) > 60 else ''}"
