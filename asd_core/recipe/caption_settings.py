"""The `[captions]` table of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from asd_core.errors import UsageError

Method = Literal["text-decoder", "zero-shot", "hybrid", "acoustic", "tags"]


METHODS: tuple[Method, ...] = ("hybrid", "text-decoder", "zero-shot", "acoustic", "tags")
"""The three methods of Ogura et al. (III-B, III-C), the best of their mean opinion scores first; then measurements, and
classes of sound beside measurements."""


WITH_DECODER: tuple[Method, ...] = ("hybrid", "text-decoder")
"""The methods that take a decoder's captions of single clips."""


WITH_TEXTS: tuple[Method, ...] = ("hybrid", "zero-shot")
"""The methods that compare clips with texts."""


WITH_MEASURES: tuple[Method, ...] = ("acoustic", "tags")
"""The methods that state measurements; they need no MS-CLAP."""


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
        tagger: EfficientAT network whose AudioSet classes are told; "" is the one of ``[encoder]`` where that is
            EfficientAT, else ``mn04_as``.
        tagger_weights: of it: ``hub``, ``random`` or a path; "" is that of ``[encoder]`` where that is the same
            network, else ``hub``.
    """

    encoder: Literal["", "clap"] = ""
    weights: str = ""
    clap_weights: str = ""
    texts: str = ""
    k: int = 4
    start: str = "Sounds like"
    tagger: str = ""
    tagger_weights: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.k <= 5:
            raise UsageError(f"captions.k must lie between 1 and 5 (score rows name 5 nearest clips), got {self.k}")
