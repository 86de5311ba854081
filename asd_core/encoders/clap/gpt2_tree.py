"""GPT-2 over the branching texts of a beam search, each position computed once.

The obvious cache holds one row of keys and values per beam: it repeats the prefix for each beam, and every step copies
what the beams have grown into, because they change places. Here a clip has one row: its prefix, then one slot per step
and beam. Nothing in it ever moves; which slots are a beam's own history is a mask, and only the mask changes places.
Weights, norms and projections are those of transformers' own modules; only attention over the slots is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import GPT2LMHeadModel

_WORDS_AT_ONCE = 1024  # a CPU multiplies few rows with all words a third slower than with as many as its cache holds


class Gpt2Tree:
    """Texts that continue a batch of prefixes, some beams each.

    Args:
        network: GPT-2 with its output layer, in eval mode.
        clips: how many prefixes (C).
        prefix_length: vectors of each prefix (P).
        beams: texts that grow from each (B).
        steps: how many tokens a text is read at most.
    """

    def __init__(self, network: GPT2LMHeadModel, clips: int, prefix_length: int, beams: int, steps: int) -> None:
        import torch

        self._network = network
        self._blocks: Any = network.transformer.h
        self._prefix_length, self._beams, self._steps_read = prefix_length, beams, 0
        config, weight = network.config, network.transformer.wte.weight
        width = config.n_embd // config.n_head
        slots = prefix_length + beams * steps
        # (layers, 2, C, heads, slots, width): memory is only taken up as far as it is written
        self._cache = weight.new_empty((config.n_layer, 2, clips, config.n_head, slots, width))
        # (C, B, slots): what a beam attends to, its prefix to begin with
        self._seen = torch.zeros((clips, beams, slots), dtype=torch.bool, device=weight.device)
        self._seen[..., :prefix_length] = True

    @property
    def _clips(self) -> int:
        return self._seen.shape[0]

    def read_prefix(self, prefixes: Tensor) -> Tensor:
        """Logits of the first token: prefixes (C, P, D) → (C, V), both float32."""
        from torch.nn.functional import scaled_dot_product_attention

        def attend(layer: int, queries_keys_values: Tensor) -> Tensor:
            queries, keys, values = self._heads(queries_keys_values, self._prefix_length)
            self._cache[layer, 0, :, :, : self._prefix_length] = keys
            self._cache[layer, 1, :, :, : self._prefix_length] = values
            heard = scaled_dot_product_attention(queries, keys, values, is_causal=True)
            return heard.transpose(1, 2).reshape(prefixes.shape[0] * self._prefix_length, -1)

        positions = self._network.transformer.wpe.weight[: self._prefix_length]
        hidden = self._through_blocks((prefixes + positions).flatten(0, 1), attend)
        return self._logits(hidden.view(prefixes.shape)[:, -1])

    def read_tokens(self, tokens: Tensor, running: Tensor) -> Tensor:
        """Logits after one more token of each running beam.

        Args:
            tokens: (C, B) ids, in the order of the last `branch`.
            running: (C, B) bool; the others cost nothing and are never read again.

        Returns:
            (R, V) float32, a row per running beam.
        """
        from torch.nn.functional import scaled_dot_product_attention

        start = self._prefix_length + self._beams * self._steps_read
        end = start + self._beams
        for beam in range(self._beams):
            self._seen[:, beam, start + beam] = True
        hidden_from = self._seen[:, None, :, :end].logical_not()
        mask = self._cache.new_zeros(hidden_from.shape).masked_fill_(hidden_from, float("-inf"))  # (C, 1, B, end)
        rows = running.flatten().nonzero().squeeze(1)

        def attend(layer: int, queries_keys_values: Tensor) -> Tensor:
            padded = queries_keys_values
            if len(rows) < running.numel():
                padded = padded.new_zeros((running.numel(), padded.shape[1])).index_copy_(0, rows, padded)
            queries, keys, values = self._heads(padded, self._beams)
            self._cache[layer, 0, : self._clips, :, start:end] = keys
            self._cache[layer, 1, : self._clips, :, start:end] = values
            cached = self._cache[layer, :, : self._clips, :, :end]
            heard = scaled_dot_product_attention(queries, cached[0], cached[1], attn_mask=mask)
            return heard.transpose(1, 2).reshape(running.numel(), -1)[rows]

        transformer = self._network.transformer
        position = self._prefix_length + self._steps_read
        self._steps_read += 1
        embedded = transformer.wte.weight[tokens[running]] + transformer.wpe.weight[position]
        return self._logits(self._through_blocks(embedded, attend))

    def branch(self, sources: Tensor) -> None:
        """Let each beam go on from the history of another of the same clip: (C, B) indices of beams."""
        self._seen = self._seen.gather(1, sources[..., None].expand(self._seen.shape))

    def keep(self, clips: list[int]) -> None:
        """Put these clips first and forget the others; a clip may only move to an earlier place."""
        used = self._prefix_length + self._beams * self._steps_read
        for place, clip in enumerate(clips):
            if place != clip:
                self._cache[:, :, place, :, :used] = self._cache[:, :, clip, :, :used]
        self._seen = self._seen[clips]

    def _heads(self, queries_keys_values: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor]:
        """(C·L, 3·D) → three times (C, heads, L, width)."""
        shape = (self._clips, length, 3, self._network.config.n_head, -1)
        queries, keys, values = queries_keys_values.view(shape).permute(2, 0, 3, 1, 4)
        return queries, keys, values

    def _through_blocks(self, hidden: Tensor, attend: Any) -> Tensor:
        """(M, D) → (M, D), residual stream through all blocks."""
        for layer, block in enumerate(self._blocks):
            heard = attend(layer, block.attn.c_attn(block.ln_1(hidden)))
            hidden = hidden + block.attn.c_proj(heard)
            hidden = hidden + block.mlp(block.ln_2(hidden))
        return hidden

    def _logits(self, hidden: Tensor) -> Tensor:
        """(M, D) → (M, V)."""
        import torch

        hidden = self._network.transformer.ln_f(hidden)
        words: Tensor = self._network.lm_head.weight
        if hidden.device.type != "cpu":
            on_gpu: Tensor = hidden @ words.T
            return on_gpu
        logits = hidden.new_empty((len(hidden), len(words)))
        for start in range(0, len(words), _WORDS_AT_ONCE):
            part = slice(start, start + _WORDS_AT_ONCE)
            torch.mm(hidden, words[part].T, out=logits[:, part])
        return logits
