"""AudioLDM's networks with random weights, for trials: nothing is fetched.

What training gives is set by hand where a trial's sound would depend on neither clips nor captions without it. The
VAE's latents get a variance of 1 by its scaling factor, the rule by which the authors set it, and a narrow posterior.
The text tower's weights are drawn `_SPREAD` times as wide, and the mean of some captions is taken out, or all captions
had one embedding. The vocoder's sound is brought to a level that can be heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from asd_core.synthesis.audioldm.classes import model_classes
from asd_core.synthesis.audioldm.shapes import LATENT_CHANNELS, MELS, SCHEDULER, Shape

if TYPE_CHECKING:
    from torch import Tensor

_LOG_VARIANCE = -12.0  # added to the posterior's; exp(-12 / 2) = 0.0025 is little beside latents of deviation 1
_SPREAD = 5.0
_TEXTS = (  # of many kinds: their mean is taken out of all
    "",
    "a pump",
    "This is the normal sound of a fan",
    "The anomaly sound of a valve with pattern 00",
    "a pump at speed 28 volts in noise",
    "This is the normal sound of a gearbox, load 5 Nm, voltage 1.5",
)
_LEVEL = 0.1  # RMS of the vocoder's sound, re full scale
_FRAMES = 64  # of the spectrogram that the scaling factor is found on
_LOUD, _QUIET = 0.0, -11.5  # log magnitudes: full scale, and the floor of the front end


def random_parts(shape: Shape, seed: int) -> dict[str, Any]:
    """All parts of a model, by the names of `Components`, with weights that follow from the seed; on the CPU.

    Args:
        shape: of the networks.
        seed: of their weights.
    """
    import torch

    classes, tokenizer = model_classes(), byte_tokenizer()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts = {
            "vae": classes.vae(**shape.vae),
            "unet": classes.unet(**shape.unet),
            "text_encoder": classes.text_encoder(classes.text_config(**shape.text_encoder, initializer_factor=_SPREAD)),
            "vocoder": classes.vocoder(classes.vocoder_config(**shape.vocoder)),
        }
        with torch.no_grad():
            _centre_texts(parts["text_encoder"].eval(), tokenizer)
            levels = _QUIET + (_LOUD - _QUIET) * torch.rand(1, _FRAMES, MELS)
            _scale_latents(parts["vae"].eval(), levels)
            _scale_sound(parts["vocoder"].eval(), levels)
    return parts | {"tokenizer": tokenizer, "scheduler": classes.scheduler(**SCHEDULER)}


def byte_tokenizer() -> Any:
    """RoBERTa's tokenizer with a vocabulary of bytes alone, so that any caption has a token sequence of its own."""
    from tokenizers import Tokenizer
    from tokenizers.decoders import ByteLevel as Decoder
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel
    from tokenizers.processors import RobertaProcessing

    words = ["<s>", "<pad>", "</s>", "<unk>", *sorted(ByteLevel.alphabet()), "<mask>"]
    vocabulary: Mapping[str, int] = {word: number for number, word in enumerate(words)}
    made: Any = Tokenizer(BPE(vocab=dict(vocabulary), merges=[]))
    made.pre_tokenizer = ByteLevel(add_prefix_space=False)
    made.decoder = Decoder()
    made.post_processor = RobertaProcessing(("</s>", vocabulary["</s>"]), ("<s>", vocabulary["<s>"]))
    return model_classes().tokenizer(tokenizer_object=made, model_max_length=512)


def _centre_texts(text_encoder: Any, tokenizer: Any) -> None:
    """Take the mean embedding of some captions out of all, so that differences between captions are what is left."""
    found = [text_encoder(**tokenizer(text, return_tensors="pt")).text_embeds for text in _TEXTS]
    text_encoder.text_projection.linear2.bias -= sum(found)[0] / len(found)


def _scale_latents(vae: Any, levels: Tensor) -> None:
    """Give a random VAE a narrow posterior, and latents of deviation 1 on a spectrogram (1, T, 64)."""
    vae.quant_conv.bias[LATENT_CHANNELS:] += _LOG_VARIANCE
    deviation = vae.encode(levels[:, None]).latent_dist.mean.std()
    vae.register_to_config(scaling_factor=float(1 / deviation))


def _scale_sound(vocoder: Any, levels: Tensor) -> None:
    """Draw a vocoder's filters by torch's rule, which keeps a signal's level, and scale what comes out."""
    from torch import nn

    for layer in vocoder.modules():
        if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
            layer.reset_parameters()
            if layer.bias is not None:
                layer.bias.zero_()
    vocoder.conv_post.weight *= _LEVEL / vocoder(levels).std()
