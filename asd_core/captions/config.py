"""A recipe's ``[captions]``: what difference captions are made from, and which embeddings that takes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Literal

from asd_core.encoders.build import CLAP, EncoderConfig, embeddings_fingerprint, encoder_config
from asd_core.errors import UsageError

Method = Literal["text-decoder", "zero-shot", "hybrid", "acoustic"]
METHODS: tuple[Method, ...] = ("hybrid", "text-decoder", "zero-shot", "acoustic")
"""The three methods of Ogura et al. (III-B, III-C), the best of their mean opinion scores first, and measurements."""
WITH_DECODER: tuple[Method, ...] = ("hybrid", "text-decoder")
"""The methods that take a decoder's captions of single clips."""
WITH_TEXTS: tuple[Method, ...] = ("hybrid", "zero-shot")
"""The methods that compare clips with texts."""


@dataclass(frozen=True)
class CaptionConfig:
    """A recipe's ``[captions]``.

    Attributes:
        encoder: ``clap`` embeds flagged clips and their nearest normal clips with MS-CLAP where detection's encoder is
            another; "" takes detection's own, which must then be MS-CLAP for captions that need it.
        weights: of the caption checkpoint: ``hub``, ``random`` or a path; "" is that of ``[encoder]`` where it is
            MS-CLAP, else ``hub``.
        clap_weights: of the checkpoint with the text tower, likewise.
        texts: path of a file with one text a line for the zero-shot method; "" takes the paper's eight.
        k: nearest normal clips that a clip is compared with.
        start: words that the decoder's captions are made to begin with; "" leaves it free.
    """

    encoder: Literal["", "clap"] = ""
    weights: str = ""
    clap_weights: str = ""
    texts: str = ""
    k: int = 4
    start: str = "Sounds like"

    def __post_init__(self) -> None:
        if not 1 <= self.k <= 5:
            raise UsageError(f"captions.k must lie between 1 and 5 (score rows name 5 nearest clips), got {self.k}")


@dataclass(frozen=True)
class CaptionSources:
    """Where the parts of MS-CLAP that captions take come from, for one machine type.

    Attributes:
        decoder_weights: of the caption checkpoint.
        text_weights: of the checkpoint with the text tower.
        decoder_encoder: whose embeddings the decoder takes: the audio tower of the caption checkpoint.
        text_encoder: whose embeddings are compared with texts: the audio tower beside the text tower.
        decoder_fingerprint: of the former's embeddings.
        text_fingerprint: of the latter's; equal where both checkpoints have the same audio tower.
        detection_fingerprint: of the embeddings that detection took.
    """

    decoder_weights: str
    text_weights: str
    decoder_encoder: EncoderConfig
    text_encoder: EncoderConfig
    decoder_fingerprint: str
    text_fingerprint: str
    detection_fingerprint: str

    def notes(self, method: Method) -> list[str]:
        """What a reader must know of the embeddings behind a caption, one line each."""
        used = set()
        if method in WITH_DECODER:
            used.add(self.decoder_fingerprint)
        if method in WITH_TEXTS:
            used.add(self.text_fingerprint)
        notes = []
        if len(used) > 1:
            notes.append(
                "two audio towers: the caption checkpoint's differs from the one beside the text tower, so captions "
                "and similarities come from different embeddings"
            )
        if used - {self.detection_fingerprint}:
            notes.append("detection and caption used different embeddings")
        return notes


def refuse_without_clap(config: CaptionConfig, encoder: EncoderConfig) -> None:
    """Refuse captions that need MS-CLAP where neither detection nor the captions name it; opens no weights.

    Raises:
        UsageError: so it is.
    """
    if encoder.kind != CLAP and not config.encoder:
        raise UsageError(
            'captions of this method need MS-CLAP, which the recipe does not use: add --set captions.encoder="clap", '
            "or take --caption-method acoustic"
        )


def caption_sources(config: CaptionConfig, encoder: EncoderConfig) -> CaptionSources:
    """The parts of MS-CLAP that captions of a machine type take.

    Args:
        config: the recipe's.
        encoder: detection's.

    Raises:
        UsageError: detection's encoder is not MS-CLAP, and no other is named.
        AsdError: weights that cannot be had.
    """
    refuse_without_clap(config, encoder)
    is_clap = encoder.kind == CLAP
    own = json.loads(encoder.options) if is_clap else {}
    options = {name: value for name, value in own.items() if name not in ("weights", "checkpoint")}
    fallback = own.get("weights", "hub")
    # A checkpoint of one's own is one file: the other must be named where the encoder's is the caption checkpoint's.
    text_weights = config.clap_weights or fallback
    decoder_weights = config.weights or fallback
    heard = encoder if is_clap else replace(encoder_config({"kind": CLAP}), channel=encoder.channel)

    def tower(weights: str, checkpoint: str) -> EncoderConfig:
        return replace(
            heard, options=json.dumps({**options, "weights": weights, "checkpoint": checkpoint}, sort_keys=True)
        )

    decoder_encoder, text_encoder = tower(decoder_weights, "clapcap"), tower(text_weights, "clap")
    return CaptionSources(
        decoder_weights=decoder_weights,
        text_weights=text_weights,
        decoder_encoder=decoder_encoder,
        text_encoder=text_encoder,
        decoder_fingerprint=embeddings_fingerprint(decoder_encoder),
        text_fingerprint=embeddings_fingerprint(text_encoder),
        detection_fingerprint=embeddings_fingerprint(encoder),
    )
