"""Spectrograms as the latents in which AudioLDM makes noise into sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asd_core.synthesis.audioldm.components import Components

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def latents(components: Components, mel: Tensor, generator: torch.Generator) -> Tensor:
    """Encode log-mel spectrograms: a sample of the VAE's posterior, as in the authors' training, times its scaling.

    Args:
        components: of the model.
        mel: (B, T, 64), T a multiple of 4.
        generator: on the CPU; draws the sample.

    Returns:
        (B, 8, T / 4, 16) float32, of a deviation near 1: (B, 8, 256, 16) for 10.24 s.
    """
    import torch

    with torch.no_grad():
        posterior = components.vae.encode(mel[:, None]).latent_dist
        noise = torch.randn(posterior.mean.shape, generator=generator).to(posterior.mean.device)
        found: Tensor = (posterior.mean + posterior.std * noise) * components.vae.config.scaling_factor
    return found
