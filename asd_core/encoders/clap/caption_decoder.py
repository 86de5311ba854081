"""MS-CLAP's caption decoder (Deshmukh et al., ClapCap): a caption from the embedding of a sound, no audio needed.

The embedding, divided by its length, is mapped to 40 vectors that stand before the text in GPT-2, which then writes it
by beam search. A caption may be made to start with given words (Ogura et al.: "Sounds like"): their tokens' vectors
follow the 40.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.batch_size import BatchSize
from asd_core.encoders.clap.audio_tensors import EMBEDDING_DIM
from asd_core.encoders.clap.beam_search import BEAMS, MOST_TOKENS, Found, beam_search
from asd_core.encoders.clap.gpt2 import STOP, digest_with_tokenizer, filled, language_network, load_tokenizer, under
from asd_core.encoders.clap.msclap_package import msclap_module
from asd_core.encoders.clap.text_tensors import MAPPER_LAYERS, PREFIX, WIDTH, random_gpt2, random_mapper
from asd_core.encoders.clap.weights import CLAPCAP_2023, digest, is_random, random_note, read_checkpoint, seed_of
from asd_core.encoders.exact_float32 import exact_float32
from asd_core.errors import AsdError, UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import GPT2LMHeadModel, GPT2TokenizerFast

CLIPS_AT_ONCE = 32  # some 0.9 GB of keys and values where captions are as long as they may be
LONGEST_START = 100  # tokens

_VERSION = 1  # of what decides a caption beside tensors and tokenizer: one more whenever a caption may change


@dataclass(frozen=True)
class ClipCaption:
    """The caption of one clip.

    Attributes:
        text: as msclap's ``generate_caption`` returns it: only its first letter a capital, and with the space by which
            the decoder ends it.
        log_probability: mean natural logarithm of the tokens' probabilities, by which the beam search chose it; tokens
            of a forced start are not counted.
        tokens: how many were generated, the final space included, a forced start not.
        ended: whether the decoder ended it; else it was cut.
    """

    text: str
    log_probability: float
    tokens: int
    ended: bool


@dataclass(frozen=True)
class CaptionDecoder:
    """Mapper and GPT-2 in eval mode on one device.

    Attributes:
        mapper: embedding of length 1 (N, 1024) → vectors before the text (N, 40, 768).
        network: GPT-2 with its output layer.
        tokenizer: its.
        fingerprint: changes whenever the same embedding may get another caption.
        note: what a reader must be told of its weights; empty for trained ones.
        most_tokens: a caption is cut after so many.
        clips_at_once: how many are decoded together at most; fewer where memory is too small.
    """

    mapper: nn.Module
    network: GPT2LMHeadModel
    tokenizer: GPT2TokenizerFast
    fingerprint: str
    note: str = ""
    most_tokens: int = MOST_TOKENS
    clips_at_once: int = CLIPS_AT_ONCE

    def caption(self, embeddings: NDArray[np.float32], start: str = "Sounds like") -> list[ClipCaption]:
        """Caption sounds by their embeddings.

        Args:
            embeddings: (N, 1024) of the caption checkpoint's own audio tower, not normalised.
            start: words that every caption starts with; empty: as msclap's ``generate_caption``.

        Returns:
            One caption for each embedding, in their order. The same embedding gives the same caption in any batch,
            but where two captions are equally likely to 1e-4.

        Raises:
            AsdError: embeddings of another length, or without a direction; no memory for a single one.
            UsageError: a start of more than `LONGEST_START` tokens.
        """
        import torch

        start_ids: list[int] = self.tokenizer.encode(start)
        if len(start_ids) > LONGEST_START:
            raise UsageError(f"captions cannot start with {len(start_ids)} tokens: the limit is {LONGEST_START}")
        rows = _checked(embeddings)
        stop = self.tokenizer.encode(STOP)[0]

        def search(part: NDArray[np.float32]) -> list[Found]:
            prefixes = self.prefixes(torch.tensor(part), start_ids)
            return beam_search(self.network, prefixes, stop, most_tokens=self.most_tokens)

        with torch.inference_mode(), exact_float32():
            return [self._told(best, start_ids) for found in self._batch_size.map(search, rows) for best in found]

    def prefixes(self, embeddings: Tensor, start_ids: list[int]) -> Tensor:
        """The vectors that stand before the text: (N, 1024) → (N, 40 + tokens of the start, 768)."""
        import torch

        words = self.network.transformer.wte.weight
        directions = embeddings.to(words.device)
        directions = directions / directions.norm(dim=1, keepdim=True)
        mapped: Tensor = self.mapper(directions)
        started = words[start_ids].expand(len(mapped), -1, -1)
        return torch.cat((mapped, started), dim=1)

    @cached_property
    def _batch_size(self) -> BatchSize:
        return BatchSize(self.clips_at_once, "caption")

    def _told(self, found: Found, start_ids: list[int]) -> ClipCaption:
        text: str = self.tokenizer.decode([*start_ids, *found.tokens]).capitalize()
        return ClipCaption(text, found.log_probability, len(found.tokens), found.ended)


def load_caption_decoder(source: str, device: str = "cpu") -> CaptionDecoder:
    """Load mapper and GPT-2 of clapcap_weights_2023, or make random ones.

    Args:
        source: see `asd_core.encoders.clap.weights`; its tokenizer: see `asd_core.encoders.clap.gpt2.load_tokenizer`.
        device: ``cpu`` or ``cuda``.

    Raises:
        UsageError: there is no such file.
        AsdError: weights or tokenizer that cannot be had, or tensors that do not fit.
    """
    what = f"the caption decoder of {source}"
    tokenizer, mapping, language = _parts(source, what)
    mapper_class: Any = msclap_module("models.mapper").TransformerMapper
    mapper = filled(lambda: mapper_class(EMBEDDING_DIM, WIDTH, PREFIX, PREFIX, MAPPER_LAYERS), mapping, what)
    network: Any = language_network(language, what)
    fingerprint = _fingerprint(tokenizer, mapping, language)
    return CaptionDecoder(mapper.to(device), network.to(device), tokenizer, fingerprint, random_note(source))


def caption_decoder_identity(source: str) -> tuple[str, str]:
    """`CaptionDecoder.fingerprint` and `CaptionDecoder.note` without networks or a device; errors as there."""
    return _fingerprint(*_parts(source, f"the caption decoder of {source}")), random_note(source)


def _parts(source: str, what: str) -> tuple[GPT2TokenizerFast, dict[str, Tensor], dict[str, Tensor]]:
    """Tokenizer, the mapper's tensors and GPT-2's."""
    tokenizer = load_tokenizer(source)
    if is_random(source):
        language = {f"transformer.{name}": tensor for name, tensor in random_gpt2(seed_of(source)).items()}
        return tokenizer, random_mapper(seed_of(source)), language
    tensors = read_checkpoint(source, CLAPCAP_2023)
    return tokenizer, under(tensors, "clap_project."), _language(tensors, what)


def _fingerprint(tokenizer: GPT2TokenizerFast, mapping: Mapping[str, Tensor], language: Mapping[str, Tensor]) -> str:
    parts = (_VERSION, BEAMS, MOST_TOKENS, digest(mapping), digest(language))
    return digest_with_tokenizer(tokenizer, *parts)


def _checked(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = np.ascontiguousarray(embeddings, np.float32)
    if rows.ndim != 2 or rows.shape[1] != EMBEDDING_DIM:
        raise AsdError(f"captions need embeddings of {EMBEDDING_DIM} numbers, got the shape {rows.shape}")
    if not (np.isfinite(rows).all() and (np.abs(rows).max(axis=1, initial=0) > 0).all()):
        raise AsdError("captions need embeddings that are finite and not all zero")
    return rows


def _language(tensors: Mapping[str, Tensor], what: str) -> dict[str, Tensor]:
    """GPT-2's tensors in a checkpoint, less its output layer, which must be the tokens' vectors again."""
    import torch

    found = under(tensors, "gpt.")
    output, words = found.pop("lm_head.weight", None), found.get("transformer.wte.weight")
    if output is not None and words is not None and not torch.equal(output, words):
        raise AsdError(f"{what}: its GPT-2 has an output layer of its own: it is not MS-CLAP's")
    return found
