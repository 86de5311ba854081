"""Captions as the embeddings that lead AudioLDM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from asd_core.synthesis.audioldm.components import Components

if TYPE_CHECKING:
    from torch import Tensor


def text_embeddings(components: Components, captions: Sequence[str]) -> Tensor:
    """Embed captions, each by itself, so that an embedding does not depend on the captions beside it.

    Args:
        components: of the model.
        captions: any texts; "" is that of a clip without a caption. Longer ones than the tokenizer's limit are cut.

    Returns:
        (N, D) float32 of length 1 each, on the components' device.
    """
    import torch
    from torch.nn.functional import normalize

    made = {}
    with torch.no_grad():
        for caption in dict.fromkeys(captions):
            tokens = components.tokenizer(
                caption, truncation=True, max_length=components.tokenizer.model_max_length, return_tensors="pt"
            ).to(components.device)
            found = components.text_encoder(tokens.input_ids, attention_mask=tokens.attention_mask).text_embeds
            made[caption] = normalize(found.float(), dim=-1)[0]
    if not made:
        return torch.zeros(0, components.text_encoder.config.projection_dim, device=components.device)
    return torch.stack([made[caption] for caption in captions])
