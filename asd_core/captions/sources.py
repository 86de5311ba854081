"""The parts of MS-CLAP that difference captions take, by a recipe's ``[captions]``: weights and embeddings."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from asd_core.encoders.build import EncoderConfig, embeddings_fingerprint, encoder_config
from asd_core.encoders.kinds import kind_of
from asd_core.errors import UsageError
from asd_core.recipe.caption_settings import WITH_DECODER, WITH_TEXTS, CaptionConfig, Method


@dataclass(frozen=True)
class CaptionSources:
    """Weights and embeddings that the captions of one machine type take.

    Attributes:
        decoder_weights: weights of the caption checkpoint.
        text_weights: weights of the checkpoint with the text tower.
        decoder_encoder: audio tower of the caption checkpoint; the decoder takes its embeddings.
        text_encoder: audio tower beside the text tower; its embeddings are compared with texts.
        decoder_fingerprint: fingerprint of the decoder's embeddings.
        text_fingerprint: fingerprint of the embeddings compared with texts; the same where both checkpoints have the
            same audio tower.
        detection_fingerprint: fingerprint of detection's embeddings.
    """

    decoder_weights: str
    text_weights: str
    decoder_encoder: EncoderConfig
    text_encoder: EncoderConfig
    decoder_fingerprint: str
    text_fingerprint: str
    detection_fingerprint: str

    def fingerprints(self, method: Method) -> set[str]:
        """Fingerprints of the embeddings that a method takes."""
        of_decoder = {self.decoder_fingerprint} if method in WITH_DECODER else set()
        return of_decoder | ({self.text_fingerprint} if method in WITH_TEXTS else set())

    def notes(self, method: Method) -> list[str]:
        """Remarks on the embeddings behind a caption that its reader must know, one line each."""
        used = self.fingerprints(method)
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
    """Refuse captions that need MS-CLAP where the recipe names no MS-CLAP; opens no weights.

    Raises:
        UsageError: neither detection nor the captions use MS-CLAP.
    """
    if not kind_of(encoder.kind).gives_captions and not config.encoder:
        raise UsageError(
            'captions of this method need MS-CLAP, which the recipe does not use: add --set captions.encoder="clap", '
            "or take --caption-method acoustic"
        )


def caption_sources(config: CaptionConfig, encoder: EncoderConfig) -> CaptionSources:
    """The parts of MS-CLAP that captions of a machine type take.

    Args:
        config: ``[captions]`` of the machine type.
        encoder: the one that detection uses.

    Raises:
        UsageError: detection's encoder is not MS-CLAP, and no other is named.
        AsdError: weights that cannot be had.
    """
    refuse_without_clap(config, encoder)
    is_clap = kind_of(encoder.kind).gives_captions
    own = json.loads(encoder.options) if is_clap else {}
    options = {name: value for name, value in own.items() if name not in ("weights", "checkpoint")}
    fallback = own.get("weights", "hub")
    # A checkpoint of one's own is one file: the other must be named where the encoder's is the caption checkpoint's.
    text_weights = config.clap_weights or fallback
    decoder_weights = config.weights or fallback
    heard = encoder if is_clap else replace(encoder_config({"kind": config.encoder}), channel=encoder.channel)

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
