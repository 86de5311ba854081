"""Attentive statistics pooling of ECAPA-TDNN (Desplanques et al. 2020, section 3.1): tokens → one vector a clip.

Each channel has attention weights of its own over the tokens, from a small network that may see the mean and the
standard deviation of all tokens beside each (global context). The vector is the weighted mean and the weighted standard
deviation of every channel.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LEAST_VARIANCE = 1e-12


class AttentiveStatistics(nn.Module):
    """Tokens (B, N, D) → (B, 2 D) float32: weighted means, then weighted standard deviations.

    Attributes:
        out_dim: 2 D.
    """

    def __init__(self, width: int, *, bottleneck: int = 128, global_context: bool = True, batch_norm: bool = True):
        """Make the attention network: Linear, ReLU, batch normalisation, tanh, Linear, softmax over tokens.

        Args:
            width: D.
            bottleneck: width of the attention network.
            global_context: it sees mean and standard deviation over the tokens beside each token.
            batch_norm: normalise its hidden units over the batch.
        """
        super().__init__()
        self.global_context = global_context
        self.out_dim = 2 * width
        self.hidden = nn.Linear(3 * width if global_context else width, bottleneck)
        self.norm = nn.BatchNorm1d(bottleneck) if batch_norm else None
        self.attention = nn.Linear(bottleneck, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Pool the tokens; in float32 whatever autocast says."""
        with torch.autocast(tokens.device.type, enabled=False):
            tokens = tokens.float()
            seen = tokens
            if self.global_context:
                evenly = torch.full_like(tokens[:1, :, :1], 1.0 / tokens.shape[1])
                context = _statistics(tokens, evenly)[:, None].expand(-1, tokens.shape[1], -1)
                seen = torch.cat([tokens, context], dim=2)
            hidden = torch.relu(self.hidden(seen))
            if self.norm is not None:
                hidden = self.norm(hidden.transpose(1, 2)).transpose(1, 2)
            return _statistics(tokens, self.attention(torch.tanh(hidden)).softmax(dim=1))


def _statistics(tokens: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean and standard deviation over tokens, (B, N, D) → (B, 2 D); weights sum to 1 over tokens."""
    mean = (weights * tokens).sum(dim=1)
    variance = (weights * (tokens - mean[:, None]).square()).sum(dim=1)
    return torch.cat([mean, variance.clamp_min(_LEAST_VARIANCE).sqrt()], dim=1)
