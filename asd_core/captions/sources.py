"""The networks that difference captions take, by a recipe's ``[captions]``: MS-CLAP's, and one that tells classes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from asd_core.captions.tag_tasks import Tagger
from asd_core.encoders.build import embeddings_fingerprint, encoder_config, kind_of, new_encoder
from asd_core.encoders.clap.weights import HUB
from asd_core.encoders.config import EncoderConfig
from asd_core.errors import UsageError
from asd_core.recipe.caption_settings import WITH_DECODER, WITH_TEXTS, Method
from asd_core.recipe.machine_recipe import MachineRecipe

DEFAULT_TAGGER = "mn04_as"


@dataclass(frozen=True)
class Tower:
    """An MS-CLAP checkpoint and its audio tower.

    Attributes:
        weights: of the checkpoint.
        encoder: the audio tower.
        fingerprint: of the audio tower's embeddings.
    """

    weights: str
    encoder: EncoderConfig
    fingerprint: str


@dataclass(frozen=True)
class CaptionSources:
    """Weights and embeddings that the captions of one machine type take.

    Attributes:
        decoder: the caption checkpoint; the decoder takes its embeddings.
        text: the checkpoint with the text tower; its embeddings are compared with texts. Its fingerprint is the
            decoder's where both checkpoints have the same audio tower.
        detection_fingerprint: fingerprint of detection's embeddings.
    """

    decoder: Tower
    text: Tower
    detection_fingerprint: str

    def fingerprints(self, method: Method) -> set[str]:
        """Fingerprints of the embeddings that a method takes."""
        of_decoder = {self.decoder.fingerprint} if method in WITH_DECODER else set()
        return of_decoder | ({self.text.fingerprint} if method in WITH_TEXTS else set())

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


def refuse_without_clap(machine: MachineRecipe) -> None:
    """Refuse captions that need MS-CLAP where the recipe names no MS-CLAP; opens no weights.

    Raises:
        UsageError: neither detection nor the captions use MS-CLAP.
    """
    if not kind_of(machine.encoder.kind).gives_captions and not machine.captions.encoder:
        raise UsageError(
            'captions of this method need MS-CLAP, which the recipe does not use: add --set captions.encoder="clap", '
            "or take --caption-method acoustic"
        )


def names_tagger(machine: MachineRecipe) -> bool:
    """True where detection or captions name a network that tells classes of sound."""
    config = machine.captions
    return kind_of(machine.encoder.kind).tells_classes or bool(config.tagger or config.tagger_weights)


def tagger_of(machine: MachineRecipe) -> Tagger:
    """The network whose classes of sound are told of a machine type; opens no weights."""
    config, encoder = machine.captions, machine.encoder
    own = new_encoder(encoder) if kind_of(encoder.kind).tells_classes else None
    name = config.tagger or str(getattr(own, "network", DEFAULT_TAGGER))
    same = own is not None and getattr(own, "network", "") == name and not getattr(own, "is_trained", False)
    return Tagger(name, config.tagger_weights or (str(getattr(own, "weights", HUB)) if same else HUB))


def caption_sources(machine: MachineRecipe) -> CaptionSources:
    """The parts of MS-CLAP that captions of a machine type take.

    Raises:
        UsageError: detection's encoder is not MS-CLAP, and no other is named.
        AsdError: weights that cannot be had.
    """
    refuse_without_clap(machine)
    config, encoder = machine.captions, machine.encoder
    is_clap = kind_of(encoder.kind).gives_captions
    own = json.loads(encoder.options) if is_clap else {}
    options = {name: value for name, value in own.items() if name not in ("weights", "checkpoint")}
    fallback = own.get("weights", "hub")
    heard = encoder if is_clap else replace(encoder_config({"kind": config.encoder}), channel=encoder.channel)

    def tower(weights: str, checkpoint: str) -> Tower:
        tower_options = json.dumps({**options, "weights": weights, "checkpoint": checkpoint}, sort_keys=True)
        audio = replace(heard, options=tower_options)
        return Tower(weights, audio, embeddings_fingerprint(audio))

    # A checkpoint of one's own is one file: the other must be named where the encoder's is the caption checkpoint's.
    decoder, text = tower(config.weights or fallback, "clapcap"), tower(config.clap_weights or fallback, "clap")
    return CaptionSources(decoder, text, embeddings_fingerprint(encoder))
